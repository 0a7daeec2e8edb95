-- One row per region: accounts of the newest snapshot with a profile there, whatever they agreed to. Below the policy's size a region is
-- seen as its country; a region that no account names has no size, and is too small.
select a.region, count(distinct a.account_id) as accounts
from accepted_accounts as a
where a.region <> 'ZZ'
group by a.region
