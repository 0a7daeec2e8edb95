-- One row per permitted search: what it was about, on which day, and whether nothing that it found was chosen.
select
  account_key,
  arrival_day,
  cast(searched_at as date) as day,
  query as intent,
  1 as searches,
  case when clicked_title_id then 0 else 1 end as abandoned
from permitted_analytics_search_events
