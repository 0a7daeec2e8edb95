-- One row per permitted event: in which country an account watched anything.
select
  account_key,
  arrival_day,
  cast(started_at as date) as day,
  country
from permitted_analytics_viewing_events
