-- One row per permitted event: which title of which day it counts to. Bounded and noised before anything leaves.
select
  account_key,
  arrival_day,
  cast(started_at as date) as day,
  title_id,
  1 as plays,
  watched_seconds as watch_seconds
from permitted_analytics_viewing_events
