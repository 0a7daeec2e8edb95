-- One row per permitted event: what led to it, on which day.
select
  account_key,
  arrival_day,
  cast(started_at as date) as day,
  referrer,
  1 as plays
from permitted_analytics_viewing_events
