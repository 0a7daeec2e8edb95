-- Accepted rows that are odd but good, by day and oddity.
select arrival_day, 'title_unknown' as reason, cast(count(*) as bigint) as rows
from accepted_viewing_events
where title_unknown
group by arrival_day
union all
select arrival_day, 'future_timestamp' as reason, cast(count(*) as bigint) as rows
from accepted_viewing_events
where started_at > cast(arrival_day as timestamp) + interval '1 day' + interval '1 second' * $max_skew_seconds
group by arrival_day
