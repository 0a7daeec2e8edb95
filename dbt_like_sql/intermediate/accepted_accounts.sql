-- The newest good row of each key: that of the highest file name, and of the last line in it.
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
  name
from stg_landing__accounts
where reject_reason is null
qualify row_number() over (partition by account_id, profile_id order by _file desc, _line desc) = 1
