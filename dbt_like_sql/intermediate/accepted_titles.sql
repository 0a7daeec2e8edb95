-- The newest good row of each key: that of the highest file name, and of the last line in it.
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
  available_until
from stg_landing__titles
where reject_reason is null
qualify row_number() over (partition by title_id order by _file desc, _line desc) = 1
