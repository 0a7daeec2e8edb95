-- Plays that a recommendation led to, by account and title: what exposure is counted from. A view: never stored.
select
    e.account_key,
    e.title_id,
    cast(count(*) as bigint) as plays
from permitted_analytics_viewing_events as e
where e.referrer = 'recommendation'
group by e.account_key, e.title_id
