-- Good rows whose identity was not seen before.
select
  good.request_id,
  good.account_id,
  good.profile_id,
  good.kind,
  good.purpose,
  good.title_id,
  good.received_at,
  good.verified,
  md5(
    concat_ws(
      chr(31),
      coalesce(good.request_id, ''),
      coalesce(good.account_id, ''),
      coalesce(good.profile_id, ''),
      coalesce(good.kind, ''),
      coalesce(good.purpose, ''),
      coalesce(good.title_id, ''),
      coalesce(cast(good.received_at as varchar), ''),
      coalesce(cast(good.verified as varchar), '')
    )
  ) as payload_hash,
  good.arrival_day
from stg_landing__subject_requests as good
left join landing_refused as refused on good._file = refused._file and good._line = refused._line
where good.reject_reason is null and refused._line is null
