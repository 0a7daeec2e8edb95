-- Good rows of repeated identities beside those accepted on other days, each with a digest of all that was declared.
-- Both sides are digested after typing, so that one event in two formats is one event.
with both_sides as (
  select
    request_id,
    account_id,
    profile_id,
    kind,
    purpose,
    title_id,
    received_at,
    verified,
    false as known,
    _file,
    _line,
    arrival_day
  from stg_landing__subject_requests
  where reject_reason is null
  union all
  select
    request_id,
    account_id,
    profile_id,
    kind,
    purpose,
    title_id,
    received_at,
    verified,
    true as known,
    cast(null as varchar) as _file,
    cast(null as bigint) as _line,
    arrival_day
  from accepted_subject_requests
)

select
  request_id as row_id,
  md5(
    concat_ws(
      chr(31),
      coalesce(request_id, ''),
      coalesce(account_id, ''),
      coalesce(profile_id, ''),
      coalesce(kind, ''),
      coalesce(purpose, ''),
      coalesce(title_id, ''),
      coalesce(cast(received_at as varchar), ''),
      coalesce(cast(verified as varchar), '')
    )
  ) as payload_hash,
  known,
  _file,
  _line,
  arrival_day
from both_sides
