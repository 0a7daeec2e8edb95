-- One row per permitted event of a title whose length is known: how much of it was watched, in thousandths of its length.
select
  events.account_key,
  events.arrival_day,
  cast(events.started_at as date) as day,
  events.title_id,
  cast(events.watched_seconds as bigint) * 1000 // nullif(titles.runtime_seconds, 0) as completed
from permitted_analytics_viewing_events as events
join accepted_titles as titles on titles.title_id = events.title_id
where titles.runtime_seconds > 0
