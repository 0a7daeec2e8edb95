-- What the columns of all inputs look like, in one table.
select arrival_day, source, column_name, declared, kind, proposed_class, sampled, matching, share
from findings_titles
union all
select arrival_day, source, column_name, declared, kind, proposed_class, sampled, matching, share
from findings_accounts
union all
select arrival_day, source, column_name, declared, kind, proposed_class, sampled, matching, share
from findings_consent_events
union all
select arrival_day, source, column_name, declared, kind, proposed_class, sampled, matching, share
from findings_subject_requests
union all
select arrival_day, source, column_name, declared, kind, proposed_class, sampled, matching, share
from findings_viewing_events
union all
select arrival_day, source, column_name, declared, kind, proposed_class, sampled, matching, share
from findings_search_events
