-- Good rows whose identity was not seen before, with a flag where the catalogue does not know the title.
select
  good.event_id,
  good.account_id,
  good.profile_id,
  good.title_id,
  good.started_at,
  good.watched_seconds,
  good.session_id,
  good.device_id,
  good.device_type,
  good.os,
  good.app_version,
  good.ip_address,
  good.country,
  good.region,
  good.referrer,
  good.private_session,
  good.consent_string,
  good.gpc,
  titles.title_id is null as title_unknown,
  good.arrival_day
from stg_landing__viewing_events as good
left join accepted_titles as titles on good.title_id = titles.title_id
left join landing_refused as refused on good._file = refused._file and good._line = refused._line
where good.reject_reason is null and refused._line is null
