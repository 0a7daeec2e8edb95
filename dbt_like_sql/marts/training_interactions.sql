-- One row per viewer and title that training may learn from. What was played before $split is kept apart, so that an
-- evaluation can learn from the past alone; sums stay whole numbers, so that both engines agree to the last digit.
-- The day of the latest play is what ages are counted from: a day and no age, so that a night without news changes no row.
select
    e.viewer_key,
    e.account_key,
    e.title_id,
    cast(count(*) as bigint) as plays,
    cast(count(e.watched_seconds) as bigint) as timed_plays,
    cast(coalesce(sum(e.watched_seconds), 0) as bigint) as watched_seconds,
    cast(max(e.started_at) as date) as last_played,
    cast(count(*) filter (where e.started_at < $split) as bigint) as plays_before,
    cast(count(e.watched_seconds) filter (where e.started_at < $split) as bigint) as timed_plays_before,
    cast(coalesce(sum(e.watched_seconds) filter (where e.started_at < $split), 0) as bigint) as watched_seconds_before,
    cast(max(e.started_at) filter (where e.started_at < $split) as date) as last_played_before
from permitted_training_viewing_events as e
group by e.viewer_key, e.account_key, e.title_id
