-- One row per viewer, title, part of the day (UTC) and class of device that lists for a context may be made from.
with parts as (
    select
        e.viewer_key,
        e.title_id,
        case
            when extract(hour from e.started_at) < 6 then 'night'
            when extract(hour from e.started_at) < 12 then 'morning'
            when extract(hour from e.started_at) < 18 then 'afternoon'
            else 'evening'
        end as daypart,
        e.device_type as device_class,
        e.watched_seconds
    from permitted_context_viewing_events as e
)

select
    p.viewer_key,
    p.title_id,
    p.daypart,
    p.device_class,
    cast(count(*) as bigint) as plays,
    cast(count(p.watched_seconds) as bigint) as timed_plays,
    cast(coalesce(sum(p.watched_seconds), 0) as bigint) as watched_seconds
from parts as p
group by p.viewer_key, p.title_id, p.daypart, p.device_class
