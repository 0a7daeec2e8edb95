-- All inputs' counts in one table.
select arrival_day, source, stage, reason, rows
from accounted_titles
union all
select arrival_day, source, stage, reason, rows
from accounted_accounts
union all
select arrival_day, source, stage, reason, rows
from accounted_consent_events
union all
select arrival_day, source, stage, reason, rows
from accounted_subject_requests
union all
select arrival_day, source, stage, reason, rows
from accounted_viewing_events
union all
select arrival_day, source, stage, reason, rows
from accounted_search_events
