-- One row per account and profile that any input names: whoever is decided about must be in the vault.
select e.account_id, e.profile_id
from accepted_viewing_events as e
union
select e.account_id, e.profile_id
from accepted_search_events as e
union
select a.account_id, a.profile_id
from accepted_accounts as a
union
select c.account_id, coalesce(c.profile_id, 'main') as profile_id
from accepted_consent_events as c
union
select r.account_id, coalesce(r.profile_id, 'main') as profile_id
from accepted_subject_requests as r
