-- One row per landed account row, typed, in UTC. reject_reason is the first rule that the row breaks; null is a good row.
with landed as (
  select
    nullif(trim(account_id), '') as account_id,
    nullif(trim(profile_id), '') as profile_id,
    nullif(trim(birth_year), '') as birth_year,
    nullif(trim(is_kid), '') as is_kid,
    nullif(gender, '') as gender,
    country,
    region,
    nullif(plan, '') as plan,
    nullif(trim(signup_at), '') as signup_at,
    nullif(email, '') as email,
    nullif(name, '') as name,
    _file,
    _line,
    _defect,
    _found,
    arrival_day
  from screened_accounts
),

typed as (
  select
    account_id,
    profile_id,
    birth_year,
    is_kid,
    gender,
    country,
    region,
    plan,
    signup_at,
    email,
    name,
    _file,
    _line,
    _defect,
    _found,
    arrival_day,
    case when regexp_matches(birth_year, '^-?[0-9]{1,9}([.]0+)?$') then cast(split_part(birth_year, '.', 1) as integer) end as year,
    case is_kid
      when 'true' then true
      when 'false' then false
      else case lower(is_kid)
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
    end as kid_flag,
    case
      when regexp_matches(signup_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?Z$')
        then try_cast(left(replace(signup_at, 'Z', ''), 26) as timestamp)
      when regexp_matches(signup_at, '^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?[+-][01][0-9](:?[0-5][0-9])?$')
        then try_cast(left(regexp_replace(signup_at, '[+-][01][0-9](:?[0-5][0-9])?$', ''), 26) as timestamp)
          - interval '1 hour' * cast(regexp_extract(signup_at, '([+-][01][0-9])(:?[0-5][0-9])?$', 1) as integer)
          - interval '1 minute' * coalesce(
            try_cast(
              regexp_extract(signup_at, '([+-])[01][0-9]:?[0-5][0-9]$', 1)
              || regexp_extract(signup_at, '[+-][01][0-9]:?([0-5][0-9])$', 1) as integer
            ),
            0
          )
      when regexp_matches(signup_at, '^[0-9]{1,14}([.]0+)?$')
        then make_timestamp(cast(split_part(signup_at, '.', 1) as bigint) * 1000)
    end as signup_utc,
    case when regexp_matches(country, '^[A-Z]{2}$') then country else upper(trim(country)) end as country_word,
    case when regexp_matches(region, '^[A-Z]{2}-[A-Z0-9]{1,3}$') then region else upper(trim(region)) end as region_word
  from landed
)

select
  typed.account_id,
  coalesce(profile_id, 'main') as profile_id,
  year as birth_year,
  coalesce(kid_flag, false) as is_kid,
  nullif(lower(trim(gender)), '') as gender,
  coalesce(known.country, 'ZZ') as country,
  case when known_region.country is not null and regexp_matches(region_word, '^[A-Z]{2}-[A-Z0-9]{1,3}$') then region_word else 'ZZ' end as region,
  typed.plan,
  signup_utc as signup_at,
  typed.email,
  typed.name,
  case
    when _defect is not null then _defect
    when account_id is null then 'missing_account_id'
    when birth_year is not null and year is null then 'bad_birth_year'
    when year < 1900 or year > 2100 then 'birth_year_out_of_range'
    when is_kid is not null and kid_flag is null then 'bad_is_kid'
    when signup_utc is null and regexp_matches(signup_at, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]*)?$') then 'naive_timestamp'
    when signup_at is not null and signup_utc is null then 'bad_timestamp'
    else _found
  end as reject_reason,
  _file,
  _line,
  arrival_day
from typed
left join stg_reference__countries as known on typed.country_word = known.country
left join stg_reference__countries as known_region on left(typed.region_word, 2) = known_region.country
