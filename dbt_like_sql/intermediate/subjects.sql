-- One row per account and profile: who they are to the policy, and what verified requests made of them by the as-of time.
with requests as (
    select
        l.account_ref,
        l.profile_ref,
        max(case when l.state = 'erased' then l.effective_at end) as erased_at,
        max(case when l.state = 'restricted' then l.effective_at end) as restricted_at,
        max(case when l.state = 'restriction_lifted' then l.effective_at end) as unrestricted_at,
        max(case when l.state = 'held' then l.effective_at end) as held_at,
        max(case when l.state = 'hold_lifted' then l.effective_at end) as released_at
    from consent_ledger as l
    where l.effective_at <= $as_of
    group by l.account_ref, l.profile_ref
),

standing as (
    -- What is imposed and lifted at the same instant stays imposed.
    select
        q.account_ref,
        q.profile_ref,
        q.erased_at is not null as erased,
        coalesce(q.restricted_at >= coalesce(q.unrestricted_at, q.restricted_at), false) as restricted,
        coalesce(q.held_at >= coalesce(q.released_at, q.held_at), false) as held
    from requests as q
),

people as (
    select
        r.account_id,
        r.profile_id,
        r.subject_no,
        r.account_ref,
        r.profile_ref,
        coalesce(a.is_kid, false) as is_kid,
        strpos($guest_profiles, '|' || r.profile_id || '|') > 0 as is_guest,
        a.birth_year,
        -- Only the year is known: the last birthday in it is the one that counts.
        cast(cast(a.birth_year + $minor_age + 1 as varchar) || '-01-01 00:00:00' as timestamp) as adult_from,
        coalesce(h.erased, false) or coalesce(p.erased, false) as erased,
        coalesce(h.restricted, false) or coalesce(p.restricted, false) as restricted,
        coalesce(h.held, false) or coalesce(p.held, false) as held
    from subject_refs as r
    left join accepted_accounts as a
        on a.account_id = r.account_id and a.profile_id = r.profile_id
    left join standing as h
        on h.account_ref = r.account_ref and h.profile_ref is null
    left join standing as p
        on p.account_ref = r.account_ref and p.profile_ref = r.profile_ref
)

select
    s.account_id,
    s.profile_id,
    s.subject_no,
    s.account_ref,
    s.profile_ref,
    s.is_kid,
    s.is_guest,
    s.birth_year,
    s.adult_from,
    case
        when s.adult_from is null then 'unknown'
        when s.adult_from <= $as_of then 'adult'
        else 'minor'
    end as age_class,
    case
        when s.erased and s.held then 'on_hold'
        when s.erased then 'erased'
        when s.restricted then 'restricted'
    end as status
from people as s
