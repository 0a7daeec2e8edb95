-- One row per landed request, typed, in UTC. reject_reason is the first rule that the row breaks; null is a good row.
with landed as (
  select
    nullif(trim(request_id), '') as request_id,
    nullif(trim(account_id), '') as account_id,
    nullif(trim(profile_id), '') as profile_id,
    nullif(trim(kind), '') as kind,
    nullif(trim(purpose), '') as purpose,
    nullif(trim(title_id), '') as title_id,
    nullif(trim(received_at), '') as received_at,
    nullif(trim(verified), '') as verified,
    _file,
    _line,
    _defect,
    _found,
    arrival_day
  from screened_subject_requests
),

typed as (
  select
    request_id,
    account_id,
    profile_id,
    kind,
    purpose,
    title_id,
    received_at,
    verified,
    _file,
    _line,
    _defect,
    _found,
    arrival_day,
    case kind
      when 'access' then 'access'
      when 'portability' then 'portability'
      when 'erasure' then 'erasure'
      when 'restriction' then 'restriction'
      when 'lift_restriction' then 'lift_restriction'
      when 'objection' then 'objection'
      when 'hide_title' then 'hide_title'
      when 'legal_hold' then 'legal_hold'
      when 'lift_hold' then 'lift_hold'
      else case lower(trim(kind))
        when 'access' then 'access'
        when 'portability' then 'portability'
        when 'erasure' then 'erasure'
        when 'restriction' then 'restriction'
        when 'lift_restriction' then 'lift_restriction'
        when 'objection' then 'objection'
        when 'hide_title' then 'hide_title'
        when 'legal_hold' then 'legal_hold'
        when 'lift_hold' then 'lift_hold'
      end
    end as kind_word,
    case
      when regexp_matches(received_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?Z$')
        then try_cast(left(replace(received_at, 'Z', ''), 26) as timestamp)
      when regexp_matches(received_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?[+-][01][0-9](:?[0-5][0-9])?$')
        then try_cast(left(regexp_replace(received_at, '[+-][01][0-9](:?[0-5][0-9])?$', ''), 26) as timestamp)
          - interval '1 hour' * cast(regexp_extract(received_at, '([+-][01][0-9])(:?[0-5][0-9])?$', 1) as integer)
          - interval '1 minute' * coalesce(
            try_cast(
              regexp_extract(received_at, '([+-])[01][0-9]:?[0-5][0-9]$', 1)
              || regexp_extract(received_at, '[+-][01][0-9]:?([0-5][0-9])$', 1) as integer
            ),
            0
          )
      when regexp_matches(received_at, '^[0-9]{1,14}([.]0+)?$')
        then make_timestamp(cast(split_part(received_at, '.', 1) as bigint) * 1000)
    end as received_utc,
    case verified
      when 'true' then true
      when 'false' then false
      else case lower(verified)
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
    end as verified_flag
  from landed
)

select
  request_id,
  account_id,
  profile_id,
  kind_word as kind,
  purpose,
  title_id,
  received_utc as received_at,
  verified_flag as verified,
  case
    when _defect is not null then _defect
    when request_id is null then 'missing_request_id'
    when account_id is null then 'missing_account_id'
    when kind is null then 'missing_kind'
    when received_at is null then 'missing_received_at'
    when verified is null then 'missing_verified'
    when kind_word is null then 'bad_kind'
    when kind_word = 'hide_title' and title_id is null then 'missing_title_id'
    when received_utc is null and regexp_matches(received_at, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]*)?$') then 'naive_timestamp'
    when received_utc is null then 'bad_timestamp'
    when verified_flag is null then 'bad_verified'
    else _found
  end as reject_reason,
  _file,
  _line,
  arrival_day
from typed
