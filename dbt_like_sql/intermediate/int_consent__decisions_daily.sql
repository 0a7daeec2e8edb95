-- One row per arrival day, purpose and reason: how many accepted rows of all inputs were used or withheld.
select
    d.arrival_day as day,
    split_part(d.stage, '/', 2) as purpose,
    case when d.reason = '' then 'used' else d.reason end as reason,
    cast(sum(d.rows) as bigint) as rows
from decision_accounting as d
group by d.arrival_day, split_part(d.stage, '/', 2), case when d.reason = '' then 'used' else d.reason end
