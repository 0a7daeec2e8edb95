-- Good rows whose identity was not seen before.
select
  good.event_id,
  good.account_id,
  good.profile_id,
  good.searched_at,
  good.query,
  good.clicked_title_id,
  good.country,
  good.arrival_day
from stg_landing__search_events as good
left join landing_refused as refused on good._file = refused._file and good._line = refused._line
where good.reject_reason is null and refused._line is null
