-- One row per permitted event: which country and genre it counts to. A title's genre is the first of the catalogue's.
select
  events.account_key,
  events.arrival_day,
  cast(events.started_at as date) as day,
  events.country,
  titles.genres[1] as genre,
  events.watched_seconds as watch_seconds
from permitted_analytics_viewing_events as events
left join accepted_titles as titles on titles.title_id = events.title_id
