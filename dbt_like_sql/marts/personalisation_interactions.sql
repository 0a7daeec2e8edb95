-- One row per viewer and title that recommendations may be made from.
select
    e.viewer_key,
    e.title_id,
    cast(count(*) as bigint) as plays,
    cast(count(e.watched_seconds) as bigint) as timed_plays,
    cast(coalesce(sum(e.watched_seconds), 0) as bigint) as watched_seconds,
    cast(max(e.started_at) as date) as last_played
from permitted_personalisation_viewing_events as e
group by e.viewer_key, e.title_id
