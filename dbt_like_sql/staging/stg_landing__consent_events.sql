-- One row per landed consent event, typed, in UTC. reject_reason is the first rule that the row breaks; null is a good row.
-- A purpose that the policy does not know is no reason: the decision denies it.
with landed as (
  select
    nullif(trim(consent_event_id), '') as consent_event_id,
    nullif(trim(account_id), '') as account_id,
    nullif(trim(profile_id), '') as profile_id,
    nullif(trim(device_id), '') as device_id,
    nullif(trim(purpose), '') as purpose,
    nullif(trim(signal_value), '') as signal_value,
    nullif(trim(state), '') as state,
    nullif(trim(signal), '') as signal,
    nullif(trim(effective_at), '') as effective_at,
    nullif(trim(recorded_at), '') as recorded_at,
    nullif(trim(expires_at), '') as expires_at,
    nullif(trim(notice_version), '') as notice_version,
    nullif(jurisdiction, '') as jurisdiction,
    nullif(trim(covers_history), '') as covers_history,
    nullif(evidence_ref, '') as evidence_ref,
    _malformed,
    _file,
    _line,
    _defect,
    arrival_day
  from landed_consent_events
),

typed as (
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
    _malformed,
    _file,
    _line,
    _defect,
    arrival_day,
    case state
      when 'granted' then 'granted'
      when 'denied' then 'denied'
      when 'withdrawn' then 'withdrawn'
      when 'objected' then 'objected'
      else case lower(trim(state))
        when 'granted' then 'granted'
        when 'denied' then 'denied'
        when 'withdrawn' then 'withdrawn'
        when 'objected' then 'objected'
      end
    end as state_word,
    case signal
      when 'ui' then 'ui'
      when 'tcf' then 'tcf'
      when 'gpp' then 'gpp'
      when 'gpc' then 'gpc'
      when 'vppa' then 'vppa'
      when 'parent' then 'parent'
      when 'agent' then 'agent'
      when 'import' then 'import'
      else case lower(trim(signal))
        when 'ui' then 'ui'
        when 'tcf' then 'tcf'
        when 'gpp' then 'gpp'
        when 'gpc' then 'gpc'
        when 'vppa' then 'vppa'
        when 'parent' then 'parent'
        when 'agent' then 'agent'
        when 'import' then 'import'
      end
    end as signal_word,
    case
      when regexp_matches(effective_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?Z$')
        then try_cast(left(replace(effective_at, 'Z', ''), 26) as timestamp)
      when regexp_matches(effective_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?[+-][01][0-9](:?[0-5][0-9])?$')
        then try_cast(left(regexp_replace(effective_at, '[+-][01][0-9](:?[0-5][0-9])?$', ''), 26) as timestamp)
          - interval '1 hour' * cast(regexp_extract(effective_at, '([+-][01][0-9])(:?[0-5][0-9])?$', 1) as integer)
          - interval '1 minute' * coalesce(
            try_cast(
              regexp_extract(effective_at, '([+-])[01][0-9]:?[0-5][0-9]$', 1)
              || regexp_extract(effective_at, '[+-][01][0-9]:?([0-5][0-9])$', 1) as integer
            ),
            0
          )
      when regexp_matches(effective_at, '^[0-9]{1,14}([.]0+)?$')
        then make_timestamp(cast(split_part(effective_at, '.', 1) as bigint) * 1000)
    end as effective_utc,
    case
      when regexp_matches(recorded_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?Z$')
        then try_cast(left(replace(recorded_at, 'Z', ''), 26) as timestamp)
      when regexp_matches(recorded_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?[+-][01][0-9](:?[0-5][0-9])?$')
        then try_cast(left(regexp_replace(recorded_at, '[+-][01][0-9](:?[0-5][0-9])?$', ''), 26) as timestamp)
          - interval '1 hour' * cast(regexp_extract(recorded_at, '([+-][01][0-9])(:?[0-5][0-9])?$', 1) as integer)
          - interval '1 minute' * coalesce(
            try_cast(
              regexp_extract(recorded_at, '([+-])[01][0-9]:?[0-5][0-9]$', 1)
              || regexp_extract(recorded_at, '[+-][01][0-9]:?([0-5][0-9])$', 1) as integer
            ),
            0
          )
      when regexp_matches(recorded_at, '^[0-9]{1,14}([.]0+)?$')
        then make_timestamp(cast(split_part(recorded_at, '.', 1) as bigint) * 1000)
    end as recorded_utc,
    case
      when regexp_matches(expires_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?Z$')
        then try_cast(left(replace(expires_at, 'Z', ''), 26) as timestamp)
      when regexp_matches(expires_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?[+-][01][0-9](:?[0-5][0-9])?$')
        then try_cast(left(regexp_replace(expires_at, '[+-][01][0-9](:?[0-5][0-9])?$', ''), 26) as timestamp)
          - interval '1 hour' * cast(regexp_extract(expires_at, '([+-][01][0-9])(:?[0-5][0-9])?$', 1) as integer)
          - interval '1 minute' * coalesce(
            try_cast(
              regexp_extract(expires_at, '([+-])[01][0-9]:?[0-5][0-9]$', 1)
              || regexp_extract(expires_at, '[+-][01][0-9]:?([0-5][0-9])$', 1) as integer
            ),
            0
          )
      when regexp_matches(expires_at, '^[0-9]{1,14}([.]0+)?$')
        then make_timestamp(cast(split_part(expires_at, '.', 1) as bigint) * 1000)
    end as expires_utc,
    case when regexp_matches(notice_version, '^-?[0-9]{1,9}([.]0+)?$') then cast(split_part(notice_version, '.', 1) as integer) end as notice,
    case covers_history
      when 'true' then true
      when 'false' then false
      else case lower(covers_history)
        when 'true' then true
        when 't' then true
        when '1' then true
        when '1.0' then true
        when 'yes' then true
        when 'y' then true
        when 'false' then false
        when 'f' then false
        when '0' then false
        when '0.0' then false
        when 'no' then false
        when 'n' then false
      end
    end as history_flag
  from landed
)

select
  consent_event_id,
  account_id,
  profile_id,
  device_id,
  purpose,
  signal_value,
  state_word as state,
  signal_word as signal,
  effective_utc as effective_at,
  recorded_utc as recorded_at,
  expires_utc as expires_at,
  notice as notice_version,
  jurisdiction,
  coalesce(history_flag, false) as covers_history,
  evidence_ref,
  case
    when _defect is not null then _defect
    when consent_event_id is null then 'missing_consent_event_id'
    when account_id is null then 'missing_account_id'
    when signal is null then 'missing_signal'
    when effective_at is null then 'missing_effective_at'
    when recorded_at is null then 'missing_recorded_at'
    when purpose is null and signal_value is null then 'no_purpose_and_no_signal_value'
    when purpose is not null and state is null then 'missing_state'
    when signal_word is null then 'bad_signal'
    when state is not null and state_word is null then 'bad_state'
    when effective_utc is null and regexp_matches(effective_at, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]*)?$') then 'naive_timestamp'
    when recorded_utc is null and regexp_matches(recorded_at, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]*)?$') then 'naive_timestamp'
    when expires_utc is null and regexp_matches(expires_at, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]*)?$') then 'naive_timestamp'
    when effective_utc is null or recorded_utc is null or (expires_at is not null and expires_utc is null) then 'bad_timestamp'
    when notice_version is not null and notice is null then 'bad_notice_version'
    when covers_history is not null and history_flag is null then 'bad_covers_history'
    when _malformed is not null then 'broken_signal_' || _malformed
  end as reject_reason,
  _file,
  _line,
  arrival_day
from typed
