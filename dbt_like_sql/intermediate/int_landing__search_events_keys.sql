-- Good rows of repeated identities beside those accepted on other days, each with a digest of all that was declared.
-- Both sides are digested after typing, so that one event in two formats is one event.
with both_sides as (
  select
    event_id,
    account_id,
    profile_id,
    searched_at,
    query,
    clicked_title_id,
    country,
    false as known,
    _file,
    _line,
    arrival_day
  from stg_landing__search_events
  where reject_reason is null
  union all
  select
    event_id,
    account_id,
    profile_id,
    searched_at,
    query,
    clicked_title_id,
    country,
    true as known,
    cast(null as varchar) as _file,
    cast(null as bigint) as _line,
    arrival_day
  from accepted_search_events
)

select
  event_id as row_id,
  md5(
    concat_ws(
      chr(31),
      coalesce(event_id, ''),
      coalesce(account_id, ''),
      coalesce(profile_id, ''),
      coalesce(cast(searched_at as varchar), ''),
      coalesce(query, ''),
      coalesce(clicked_title_id, ''),
      coalesce(country, '')
    )
  ) as payload_hash,
  known,
  _file,
  _line,
  arrival_day
from both_sides
