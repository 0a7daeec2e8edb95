-- Good rows of repeated identities beside those accepted on other days, each with a digest of all that was declared.
-- Both sides are digested after typing, so that one event in two formats is one event.
with both_sides as (
  select
    event_id,
    account_id,
    profile_id,
    title_id,
    started_at,
    watched_seconds,
    session_id,
    device_id,
    device_type,
    os,
    app_version,
    ip_address,
    country,
    region,
    referrer,
    private_session,
    consent_string,
    gpc,
    false as known,
    _file,
    _line,
    arrival_day
  from stg_landing__viewing_events
  where reject_reason is null
  union all
  select
    event_id,
    account_id,
    profile_id,
    title_id,
    started_at,
    watched_seconds,
    session_id,
    device_id,
    device_type,
    os,
    app_version,
    ip_address,
    country,
    region,
    referrer,
    private_session,
    consent_string,
    gpc,
    true as known,
    cast(null as varchar) as _file,
    cast(null as bigint) as _line,
    arrival_day
  from accepted_viewing_events
)

select
  event_id as row_id,
  md5(
    concat_ws(
      chr(31),
      coalesce(event_id, ''),
      coalesce(account_id, ''),
      coalesce(profile_id, ''),
      coalesce(title_id, ''),
      coalesce(cast(started_at as varchar), ''),
      coalesce(cast(watched_seconds as varchar), ''),
      coalesce(session_id, ''),
      coalesce(device_id, ''),
      coalesce(device_type, ''),
      coalesce(os, ''),
      coalesce(app_version, ''),
      coalesce(ip_address, ''),
      coalesce(country, ''),
      coalesce(region, ''),
      coalesce(referrer, ''),
      coalesce(cast(private_session as varchar), ''),
      coalesce(consent_string, ''),
      coalesce(cast(gpc as varchar), '')
    )
  ) as payload_hash,
  known,
  _file,
  _line,
  arrival_day
from both_sides
