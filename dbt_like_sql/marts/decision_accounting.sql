-- One row per arrival day, source, purpose and reason: how many accepted rows a purpose may use, and why it may not use the others.
-- A day that has since lost rows, to retention or erasure, keeps the count that was made of it when they were there.
select
    d.source,
    case when d.reason = '' then 'used/' else 'withheld/' end || d.purpose as stage,
    d.reason,
    cast(sum(d.events) as bigint) as rows,
    d.arrival_day
from int_consent__decided as d
group by d.source, d.purpose, d.reason, d.arrival_day
union all
select k.source, k.stage, k.reason, k.rows, k.arrival_day
from kept_decisions as k
