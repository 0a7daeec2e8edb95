-- One row per landed viewing event, typed, in UTC. reject_reason is the first rule that the row breaks; null is a good row.
with landed as (
  select
    nullif(trim(event_id), '') as event_id,
    nullif(trim(account_id), '') as account_id,
    nullif(trim(profile_id), '') as profile_id,
    nullif(trim(title_id), '') as title_id,
    nullif(trim(started_at), '') as started_at,
    nullif(trim(watched_seconds), '') as watched_seconds,
    nullif(session_id, '') as session_id,
    nullif(device_id, '') as device_id,
    nullif(device_type, '') as device_type,
    nullif(os, '') as os,
    nullif(trim(app_version), '') as app_version,
    nullif(ip_address, '') as ip_address,
    country,
    region,
    nullif(referrer, '') as referrer,
    nullif(trim(private_session), '') as private_session,
    nullif(consent_string, '') as consent_string,
    nullif(trim(gpc), '') as gpc,
    _started_at,
    _watched_seconds,
    _private_session,
    _gpc,
    _file,
    _line,
    _defect,
    _found,
    arrival_day
  from screened_viewing_events
),

typed as (
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
    _file,
    _line,
    _defect,
    _found,
    arrival_day,
    coalesce(_started_at, case
      -- What most systems send costs one pattern; the others are told apart after it.
      when regexp_matches(started_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+]00(:?00)?)$')
        then try_cast(left(started_at, 19) as timestamp)
      when regexp_matches(started_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?Z$')
        then try_cast(left(replace(started_at, 'Z', ''), 26) as timestamp)
      when regexp_matches(started_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?[+-][01][0-9](:?[0-5][0-9])?$')
        then try_cast(left(regexp_replace(started_at, '[+-][01][0-9](:?[0-5][0-9])?$', ''), 26) as timestamp)
          - interval '1 hour' * cast(regexp_extract(started_at, '([+-][01][0-9])(:?[0-5][0-9])?$', 1) as integer)
          - interval '1 minute' * coalesce(
            try_cast(
              regexp_extract(started_at, '([+-])[01][0-9]:?[0-5][0-9]$', 1)
              || regexp_extract(started_at, '[+-][01][0-9]:?([0-5][0-9])$', 1) as integer
            ),
            0
          )
      when regexp_matches(started_at, '^[0-9]{1,14}([.]0+)?$')
        then make_timestamp(cast(split_part(started_at, '.', 1) as bigint) * 1000)
    end) as started_utc,
    coalesce(
      _watched_seconds,
      case when regexp_matches(watched_seconds, '^-?[0-9]{1,9}([.]0+)?$') then cast(split_part(watched_seconds, '.', 1) as integer) end
    ) as seconds,
    coalesce(_private_session, case private_session
      when 'true' then true
      when 'false' then false
      else case lower(private_session)
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
    end) as private_flag,
    coalesce(_gpc, case gpc
      when 'true' then true
      when 'false' then false
      else case lower(gpc)
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
    end) as gpc_flag,
    case
      when device_type in ('tv', 'mobile', 'tablet', 'web', 'console') then device_type
      else translate(lower(trim(device_type)), '- ', '__')
    end as device_word,
    case when regexp_matches(country, '^[A-Z]{2}$') then country else upper(trim(country)) end as country_word,
    case when regexp_matches(region, '^[A-Z]{2}-[A-Z0-9]{1,3}$') then region else upper(trim(region)) end as region_word
  from landed
)

select
  typed.event_id,
  typed.account_id,
  coalesce(profile_id, 'main') as profile_id,
  typed.title_id,
  started_utc as started_at,
  seconds as watched_seconds,
  typed.session_id,
  typed.device_id,
  coalesce(devices.device_type, 'other') as device_type,
  typed.os,
  typed.app_version,
  typed.ip_address,
  coalesce(known.country, 'ZZ') as country,
  case when known_region.country is not null and regexp_matches(region_word, '^[A-Z]{2}-[A-Z0-9]{1,3}$') then region_word else 'ZZ' end as region,
  case referrer
    when 'recommendation' then 'recommendation'
    when 'search' then 'search'
    when 'browse' then 'browse'
    when 'campaign' then 'campaign'
    when 'direct' then 'direct'
    else case lower(trim(referrer))
      when 'recommendation' then 'recommendation'
      when 'search' then 'search'
      when 'browse' then 'browse'
      when 'campaign' then 'campaign'
      when 'direct' then 'direct'
      else 'other'
    end
  end as referrer,
  coalesce(private_flag, contains($private_app_versions, '|' || app_version || '|'), false) as private_session,
  typed.consent_string,
  gpc_flag as gpc,
  case
    when _defect is not null then _defect
    when event_id is null then 'missing_event_id'
    when account_id is null then 'missing_account_id'
    when title_id is null then 'missing_title_id'
    when started_at is null and started_utc is null then 'missing_started_at'
    when started_utc is null and regexp_matches(started_at, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]*)?$') then 'naive_timestamp'
    when started_utc is null then 'bad_timestamp'
    when watched_seconds is not null and seconds is null then 'bad_watched_seconds'
    when seconds < 0 or seconds > 86400 then 'watched_seconds_out_of_range'
    when private_session is not null and private_flag is null then 'bad_private_session'
    when gpc is not null and gpc_flag is null then 'bad_gpc'
    else _found
  end as reject_reason,
  _file,
  _line,
  arrival_day
from typed
left join stg_reference__countries as known on typed.country_word = known.country
left join stg_reference__countries as known_region on left(typed.region_word, 2) = known_region.country
left join stg_reference__devices as devices on typed.device_word = devices.word
