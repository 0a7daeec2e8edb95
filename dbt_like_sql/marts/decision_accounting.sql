-- One row per arrival day, source, purpose and reason: how many accepted rows a purpose may use, and why it may not use the others.
select
    d.source,
    case when d.reason = '' then 'used/' else 'withheld/' end || d.purpose as stage,
    d.reason,
    cast(sum(d.events) as bigint) as rows,
    d.arrival_day
from int_consent__decided as d
group by d.source, d.purpose, d.reason, d.arrival_day
