-- One row per landed title, typed. reject_reason is the first rule that the row breaks; null is a good row.
with landed as (
  select
    nullif(trim(title_id), '') as title_id,
    nullif(trim(title), '') as title,
    nullif(kind, '') as kind,
    nullif(genres, '') as genres,
    nullif(trim(release_year), '') as release_year,
    nullif(trim(runtime_seconds), '') as runtime_seconds,
    nullif(creator, '') as creator,
    nullif(language, '') as language,
    nullif(synopsis, '') as synopsis,
    nullif(trim(maturity), '') as maturity,
    nullif(trim(sensitive), '') as sensitive,
    _file,
    _line,
    _defect,
    arrival_day
  from landed_titles
),

typed as (
  select
    title_id,
    title,
    kind,
    genres,
    release_year,
    runtime_seconds,
    creator,
    language,
    synopsis,
    maturity,
    sensitive,
    _file,
    _line,
    _defect,
    arrival_day,
    lower(trim(kind)) as kind_word,
    case when regexp_matches(release_year, '^-?[0-9]{1,9}([.]0+)?$') then cast(split_part(release_year, '.', 1) as integer) end as year,
    case when regexp_matches(runtime_seconds, '^-?[0-9]{1,9}([.]0+)?$') then cast(split_part(runtime_seconds, '.', 1) as integer) end as seconds,
    case when lower(trim(maturity)) in ('0', 'all') then 'all' when trim(maturity) in ('7', '12', '16', '18') then trim(maturity) end as maturity_word,
    case
      when lower(sensitive) in ('true', 't', '1', '1.0', 'yes', 'y') then true
      when lower(sensitive) in ('false', 'f', '0', '0.0', 'no', 'n') then false
    end as sensitive_flag
  from landed
)

select
  title_id,
  title,
  case when kind_word in ('film', 'series', 'episode', 'news', 'music', 'podcast') then kind_word else 'other' end as kind,
  coalesce(
    cast(list_filter(list_transform(string_split(genres, '|'), lambda g: trim(g)), lambda g: g <> '') as varchar[]),
    cast([] as varchar[])
  ) as genres,
  year as release_year,
  seconds as runtime_seconds,
  creator,
  language,
  synopsis,
  maturity_word as maturity,
  coalesce(sensitive_flag, false) as sensitive,
  case
    when _defect is not null then _defect
    when title_id is null then 'missing_title_id'
    when title is null then 'missing_title'
    when release_year is not null and year is null then 'bad_release_year'
    when year < 1800 or year > 2200 then 'release_year_out_of_range'
    when runtime_seconds is not null and seconds is null then 'bad_runtime_seconds'
    when seconds < 0 or seconds > 1000000 then 'runtime_seconds_out_of_range'
    when maturity is not null and maturity_word is null then 'bad_maturity'
    when sensitive is not null and sensitive_flag is null then 'bad_sensitive'
  end as reject_reason,
  _file,
  _line,
  arrival_day
from typed
