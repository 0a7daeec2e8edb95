-- One row per account and profile under a legal hold at the as-of time, be it on the account or on the profile.
with holds as (
    select
        l.account_ref,
        l.profile_ref,
        max(case when l.state = 'held' then l.effective_at end) as held_at,
        max(case when l.state = 'hold_lifted' then l.effective_at end) as lifted_at
    from consent_ledger as l
    where l.effective_at <= $as_of and l.state in ('held', 'hold_lifted')
    group by l.account_ref, l.profile_ref
)

-- What is imposed and lifted at the same instant stays imposed.
select distinct s.account_id, s.profile_id
from holds as h
join subjects as s
    on s.account_ref = h.account_ref and (h.profile_ref is null or h.profile_ref = s.profile_ref)
where h.held_at >= coalesce(h.lifted_at, h.held_at)
