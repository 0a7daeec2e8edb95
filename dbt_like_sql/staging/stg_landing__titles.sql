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
    nullif(trim(available_from), '') as available_from,
    nullif(trim(available_until), '') as available_until,
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
    available_from,
    available_until,
    _file,
    _line,
    _defect,
    arrival_day,
    case when regexp_matches(available_from, '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$') then try_cast(available_from as date) end as first_day,
    case when regexp_matches(available_until, '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$') then try_cast(available_until as date) end as last_day,
    case when regexp_matches(release_year, '^-?[0-9]{1,9}([.]0+)?$') then cast(split_part(release_year, '.', 1) as integer) end as year,
    case when regexp_matches(runtime_seconds, '^-?[0-9]{1,9}([.]0+)?$') then cast(split_part(runtime_seconds, '.', 1) as integer) end as seconds,
    case maturity
      when 'all' then 'all'
      when '7' then '7'
      when '12' then '12'
      when '16' then '16'
      when '18' then '18'
      else case lower(trim(maturity))
        when 'all' then 'all'
        when '7' then '7'
        when '12' then '12'
        when '16' then '16'
        when '18' then '18'
        when '0' then 'all'
      end
    end as maturity_word,
    case sensitive
      when 'true' then true
      when 'false' then false
      else case lower(sensitive)
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
    end as sensitive_flag
  from landed
)

select
  title_id,
  title,
  case kind
    when 'film' then 'film'
    when 'series' then 'series'
    when 'episode' then 'episode'
    when 'news' then 'news'
    when 'music' then 'music'
    when 'podcast' then 'podcast'
    else case lower(trim(kind))
      when 'film' then 'film'
      when 'series' then 'series'
      when 'episode' then 'episode'
      when 'news' then 'news'
      when 'music' then 'music'
      when 'podcast' then 'podcast'
      else 'other'
    end
  end as kind,
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
  first_day as available_from,
  last_day as available_until,
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
    when available_from is not null and first_day is null then 'bad_available_from'
    when available_until is not null and last_day is null then 'bad_available_until'
    when last_day < first_day then 'available_until_before_from'
  end as reject_reason,
  _file,
  _line,
  arrival_day
from typed
