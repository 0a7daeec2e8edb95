-- Good rows of repeated identities beside those accepted on other days, each with a digest of all that was declared.
-- Both sides are digested after typing, so that one event in two formats is one event.
with both_sides as (
  select
    consent_event_id,
    account_id,
    profile_id,
    device_id,
    purpose,
    signal_value,
    state,
    signal,
    effective_at,
    recorded_at,
    expires_at,
    notice_version,
    jurisdiction,
    covers_history,
    evidence_ref,
    false as known,
    _file,
    _line,
    arrival_day
  from stg_landing__consent_events
  where reject_reason is null
  union all
  select
    consent_event_id,
    account_id,
    profile_id,
    device_id,
    purpose,
    signal_value,
    state,
    signal,
    effective_at,
    recorded_at,
    expires_at,
    notice_version,
    jurisdiction,
    covers_history,
    evidence_ref,
    true as known,
    cast(null as varchar) as _file,
    cast(null as bigint) as _line,
    arrival_day
  from accepted_consent_events
)

select
  consent_event_id as row_id,
  md5(
    concat_ws(
      chr(31),
      coalesce(consent_event_id, ''),
      coalesce(account_id, ''),
      coalesce(profile_id, ''),
      coalesce(device_id, ''),
      coalesce(purpose, ''),
      coalesce(signal_value, ''),
      coalesce(state, ''),
      coalesce(signal, ''),
      coalesce(cast(effective_at as varchar), ''),
      coalesce(cast(recorded_at as varchar), ''),
      coalesce(cast(expires_at as varchar), ''),
      coalesce(cast(notice_version as varchar), ''),
      coalesce(jurisdiction, ''),
      coalesce(cast(covers_history as varchar), ''),
      coalesce(evidence_ref, '')
    )
  ) as payload_hash,
  known,
  _file,
  _line,
  arrival_day
from both_sides
