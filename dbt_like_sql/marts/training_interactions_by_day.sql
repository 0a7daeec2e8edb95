-- Events by the day on which they happened: where the evaluation's split day is found. A view: never stored.
select
    cast(e.started_at as date) as day,
    cast(count(*) as bigint) as events
from permitted_training_viewing_events as e
group by cast(e.started_at as date)
