-- One row per consent string that nobody can read: what it said is lost, that something was said is not.
select distinct
  consent_event_id,
  account_id,
  profile_id,
  device_id,
  signal,
  effective_at,
  recorded_at,
  jurisdiction,
  arrival_day
from stg_landing__consent_events
where reject_reason like 'broken_signal_%'
