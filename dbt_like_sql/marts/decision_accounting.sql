-- One row per arrival day, source, purpose and reason: how many accepted rows a purpose may use, and why it may not use the others.
-- Rows that an erasure has taken out since they were accepted stay counted as what they were: withheld from every purpose.
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
