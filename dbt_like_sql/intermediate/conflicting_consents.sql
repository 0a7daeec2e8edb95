-- Whose word is in doubt: the subjects and purposes of each delivery that disagrees with one accepted before it, and of that one.
with good as (
  select consent_event_id, account_id, profile_id, purpose, recorded_at, _file, _line, arrival_day
  from stg_landing__consent_events
  where reject_reason is null
),

disagreeing as (
  select good.consent_event_id, good.account_id, good.profile_id, good.purpose, good.recorded_at, good.arrival_day
  from good
  inner join landing_refused as refused
    on good._file = refused._file and good._line = refused._line and refused.reason = 'conflicting_duplicate'
),

standing as (
  select good.consent_event_id, good.account_id, good.profile_id, good.purpose, good.recorded_at, good.arrival_day
  from good
  left join landing_refused as refused on good._file = refused._file and good._line = refused._line
  where refused._line is null
  union all
  select consent_event_id, account_id, profile_id, purpose, recorded_at, arrival_day
  from accepted_consent_events
),

pairs as (
  select
    disagreeing.consent_event_id,
    disagreeing.account_id,
    disagreeing.profile_id,
    disagreeing.purpose,
    standing.account_id as standing_account_id,
    standing.profile_id as standing_profile_id,
    standing.purpose as standing_purpose,
    greatest(disagreeing.recorded_at, coalesce(standing.recorded_at, disagreeing.recorded_at)) as recorded_at,
    disagreeing.arrival_day
  from disagreeing
  left join standing
    on disagreeing.consent_event_id = standing.consent_event_id
    and date_diff('day', standing.arrival_day, disagreeing.arrival_day) between 0 and $lateness_days
),

doubts as (
  select consent_event_id, account_id, profile_id, purpose, recorded_at, arrival_day
  from pairs
  union all
  select
    consent_event_id,
    standing_account_id as account_id,
    standing_profile_id as profile_id,
    standing_purpose as purpose,
    recorded_at,
    arrival_day
  from pairs
  where standing_account_id is not null
)

select
  consent_event_id,
  account_id,
  profile_id,
  purpose,
  max(recorded_at) as recorded_at,
  arrival_day
from doubts
group by consent_event_id, account_id, profile_id, purpose, arrival_day
