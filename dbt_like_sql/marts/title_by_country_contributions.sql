-- One row per permitted event: which title in which country it counts to. Bounded and noised before anything leaves.
select
  account_key,
  arrival_day,
  cast(started_at as date) as day,
  country,
  title_id
from permitted_analytics_viewing_events
