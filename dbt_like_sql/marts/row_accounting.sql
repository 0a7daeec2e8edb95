select arrival_day, source, stage, reason, rows
from landing_accounting
union all
select arrival_day, source, stage, reason, rows
from decision_accounting
