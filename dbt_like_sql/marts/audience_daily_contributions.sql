-- One row per permitted event: which country, device and part of which day (UTC) it counts to.
select
  account_key,
  arrival_day,
  cast(started_at as date) as day,
  country,
  device_type,
  case
    when extract(hour from started_at) < 6 then 'night'
    when extract(hour from started_at) < 12 then 'morning'
    when extract(hour from started_at) < 18 then 'afternoon'
    else 'evening'
  end as daypart,
  watched_seconds as watch_seconds
from permitted_analytics_viewing_events
