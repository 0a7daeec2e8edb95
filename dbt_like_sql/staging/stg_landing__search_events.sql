-- One row per landed search, typed, in UTC. reject_reason is the first rule that the row breaks; null is a good row.
with landed as (
  select
    nullif(trim(event_id), '') as event_id,
    nullif(trim(account_id), '') as account_id,
    nullif(trim(profile_id), '') as profile_id,
    nullif(trim(searched_at), '') as searched_at,
    nullif(query, '') as query,
    nullif(trim(clicked_title_id), '') as clicked_title_id,
    country,
    _file,
    _line,
    _defect,
    _found,
    arrival_day
  from screened_search_events
),

typed as (
  select
    event_id,
    account_id,
    profile_id,
    searched_at,
    query,
    clicked_title_id,
    country,
    _file,
    _line,
    _defect,
    _found,
    arrival_day,
    case
      when regexp_matches(searched_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?Z$')
        then try_cast(left(replace(searched_at, 'Z', ''), 26) as timestamp)
      when regexp_matches(searched_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?[+-][01][0-9](:?[0-5][0-9])?$')
        then try_cast(left(regexp_replace(searched_at, '[+-][01][0-9](:?[0-5][0-9])?$', ''), 26) as timestamp)
          - interval '1 hour' * cast(regexp_extract(searched_at, '([+-][01][0-9])(:?[0-5][0-9])?$', 1) as integer)
          - interval '1 minute' * coalesce(
            try_cast(
              regexp_extract(searched_at, '([+-])[01][0-9]:?[0-5][0-9]$', 1)
              || regexp_extract(searched_at, '[+-][01][0-9]:?([0-5][0-9])$', 1) as integer
            ),
            0
          )
      when regexp_matches(searched_at, '^[0-9]{1,14}([.]0+)?$')
        then make_timestamp(cast(split_part(searched_at, '.', 1) as bigint) * 1000)
    end as searched_utc,
    case when regexp_matches(country, '^[A-Z]{2}$') then country else upper(trim(country)) end as country_word
  from landed
)

select
  typed.event_id,
  typed.account_id,
  coalesce(profile_id, 'main') as profile_id,
  searched_utc as searched_at,
  typed.query,
  typed.clicked_title_id,
  coalesce(known.country, 'ZZ') as country,
  case
    when _defect is not null then _defect
    when event_id is null then 'missing_event_id'
    when account_id is null then 'missing_account_id'
    when searched_at is null then 'missing_searched_at'
    when query is null then 'missing_query'
    when searched_utc is null and regexp_matches(searched_at, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]*)?$') then 'naive_timestamp'
    when searched_utc is null then 'bad_timestamp'
    when length(query) > 512 then 'query_too_long'
    else _found
  end as reject_reason,
  _file,
  _line,
  arrival_day
from typed
left join stg_reference__countries as known on typed.country_word = known.country
