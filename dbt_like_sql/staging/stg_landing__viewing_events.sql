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
    _file,
    _line,
    _defect,
    arrival_day
  from landed_viewing_events
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
    arrival_day,
    case
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
    end as started_utc,
    case when regexp_matches(watched_seconds, '^-?[0-9]{1,9}([.]0+)?$') then cast(split_part(watched_seconds, '.', 1) as integer) end as seconds,
    replace(replace(lower(trim(device_type)), '-', '_'), ' ', '_') as device_word,
    lower(trim(referrer)) as referrer_word,
    case
      when lower(private_session) in ('true', 't', '1', '1.0', 'yes', 'y') then true
      when lower(private_session) in ('false', 'f', '0', '0.0', 'no', 'n') then false
    end as private_flag,
    case
      when lower(gpc) in ('true', 't', '1', '1.0', 'yes', 'y') then true
      when lower(gpc) in ('false', 'f', '0', '0.0', 'no', 'n') then false
    end as gpc_flag,
    upper(trim(country)) as country_word,
    case when regexp_matches(upper(trim(region)), '^[A-Z]{2}-[A-Z0-9]{1,3}$') then left(upper(trim(region)), 2) end as region_country
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
  case
    when device_word in ('tv', 'smart_tv', 'smarttv', 'connected_tv', 'ctv', 'android_tv', 'apple_tv', 'appletv', 'fire_tv', 'firetv', 'roku', 'chromecast', 'set_top_box', 'settop', 'stb') then 'tv'
    when device_word in ('mobile', 'phone', 'smartphone', 'iphone', 'android_phone') then 'mobile'
    when device_word in ('tablet', 'ipad', 'android_tablet') then 'tablet'
    when device_word in ('web', 'browser', 'desktop', 'laptop', 'pc', 'computer') then 'web'
    when device_word in ('console', 'game_console', 'playstation', 'ps4', 'ps5', 'xbox', 'nintendo', 'switch') then 'console'
    else 'other'
  end as device_type,
  typed.os,
  typed.app_version,
  typed.ip_address,
  coalesce(known.country, 'ZZ') as country,
  case when known_region.country is not null then upper(trim(region)) else 'ZZ' end as region,
  case when referrer_word in ('recommendation', 'search', 'browse', 'campaign', 'direct') then referrer_word else 'other' end as referrer,
  coalesce(private_flag, contains($private_app_versions, '|' || app_version || '|'), false) as private_session,
  typed.consent_string,
  gpc_flag as gpc,
  case
    when _defect is not null then _defect
    when event_id is null then 'missing_event_id'
    when account_id is null then 'missing_account_id'
    when title_id is null then 'missing_title_id'
    when started_at is null then 'missing_started_at'
    when started_utc is null and regexp_matches(started_at, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]*)?$') then 'naive_timestamp'
    when started_utc is null then 'bad_timestamp'
    when watched_seconds is not null and seconds is null then 'bad_watched_seconds'
    when seconds < 0 or seconds > 86400 then 'watched_seconds_out_of_range'
    when private_session is not null and private_flag is null then 'bad_private_session'
    when gpc is not null and gpc_flag is null then 'bad_gpc'
  end as reject_reason,
  _file,
  _line,
  arrival_day
from typed
left join stg_reference__countries as known on typed.country_word = known.country
left join stg_reference__countries as known_region on typed.region_country = known_region.country
