-- One row per arrival day, source, purpose and reason: how many accepted rows a purpose may use, and why it may not use the others.
-- A day that has since lost rows, to retention or erasure, keeps the count that was made of it when they were there; rows that an erasure
-- took out of a day before it was ever counted are withheld from every purpose.
with told as (
    select d.source, d.purpose, d.reason, d.events, d.arrival_day
    from int_consent__decided as d
    union all
    select e.source, r.purpose, 'erased' as reason, e.rows as events, e.arrival_day
    from erased_rows as e
    cross join purpose_rules as r
)

select
    t.source,
    case when t.reason = '' then 'used/' else 'withheld/' end || t.purpose as stage,
    t.reason,
    cast(sum(t.events) as bigint) as rows,
    t.arrival_day
from told as t
group by t.source, t.purpose, t.reason, t.arrival_day
union all
select k.source, k.stage, k.reason, k.rows, k.arrival_day
from kept_decisions as k
