-- One row per holder, purpose and ledger row that bears on it, at its strength: 0 an opt-out is lifted and nothing granted, 1 granted,
-- 2 granted under a stale notice, 4 withdrawn, 5 denied, 6 objected, 7 disputed, 8 unreadable (3 is what an expired grant will be).
-- A purpose hears its own rows and those of the purposes above it. Global Privacy Control is a voice of its own, for the whole account:
-- no later word of another voice answers it.
with spoken as (
    select
        l.account_ref,
        l.profile_ref,
        case when l.scope = 'device' then l.device_ref end as device_ref,
        case when l.signal = 'gpc' then 'gpc' else l.scope end as scope,
        l.signal,
        l.effective_at,
        l.expires_at,
        l.covers_history,
        l.notice_version,
        r.purpose,
        case l.state
            when 'not_opted_out' then 0
            when 'granted' then 1
            when 'withdrawn' then 4
            when 'denied' then 5
            when 'objected' then 6
            when 'conflicting' then 7
            when 'malformed' then 8
        end as strength
    from consent_ledger as l
    join purpose_rules as r
        on l.purpose = r.purpose or (l.purpose = '*' and l.state <> 'granted' and r.basis in ('consent', 'legitimate_interest'))
    where
        l.effective_at <= $as_of
        and l.state in ('not_opted_out', 'granted', 'withdrawn', 'denied', 'objected', 'conflicting', 'malformed')
),

confirmed as (
    -- Where the policy lets a viewer's own proven yes outweigh Global Privacy Control: from that yes until their next no.
    select l.account_ref, l.profile_ref, l.purpose, l.effective_at, min(n.effective_at) as until
    from consent_ledger as l
    join purpose_rules as r
        on r.purpose = l.purpose and r.confirmed_override
    left join consent_ledger as n
        on n.account_ref = l.account_ref
        and n.purpose = l.purpose
        and n.signal = 'ui'
        and n.state in ('withdrawn', 'denied', 'objected')
        and n.effective_at >= l.effective_at
        and n.effective_at <= $as_of
    where l.signal = 'ui' and l.state = 'granted' and l.evidence_ref is not null and l.effective_at <= $as_of
    group by l.account_ref, l.profile_ref, l.purpose, l.effective_at
),

voiced as (
    select
        s.account_ref,
        s.profile_ref,
        s.device_ref,
        s.scope,
        s.signal,
        s.effective_at,
        s.expires_at,
        s.covers_history,
        s.notice_version,
        s.purpose,
        s.strength
    from spoken as s
    union all
    select
        c.account_ref,
        c.profile_ref,
        cast(null as varchar) as device_ref,
        'gpc' as scope,
        'ui' as signal,
        case when t.strength = 0 then c.effective_at else c.until end as effective_at,
        cast(null as timestamp) as expires_at,
        false as covers_history,
        cast(null as integer) as notice_version,
        c.purpose,
        t.strength
    from confirmed as c
    join (select 0 as strength union all select 6 as strength) as t
        on t.strength = 0 or c.until is not null
),

heard as (
    -- What rests on a contract or a law needs no consent and ends by objection alone.
    select
        s.account_ref,
        s.profile_ref,
        s.device_ref,
        s.scope,
        s.signal,
        s.effective_at,
        s.expires_at,
        s.covers_history and r.accept_history as covers_history,
        a.purpose,
        a.denied_by,
        case
            when s.strength = 1 and r.basis in ('consent', 'legitimate_interest') and coalesce(s.notice_version < r.min_notice_version, r.min_notice_version is not null) then 2
            else s.strength
        end as strength
    from voiced as s
    join purpose_ancestors as a
        on a.denied_by = s.purpose
    join purpose_rules as r
        on r.purpose = a.purpose
    where r.basis in ('consent', 'legitimate_interest') or s.strength in (1, 6)
)

select
    h.subject_no,
    h.device_id,
    w.purpose,
    w.denied_by,
    w.scope,
    w.signal,
    w.effective_at,
    w.expires_at,
    -- No grant from before the viewer came of age outlives that day: then the choice is the viewer's own.
    case
        when w.strength <= 2 and w.effective_at < h.adult_from then least(coalesce(w.expires_at, h.adult_from), h.adult_from)
        else w.expires_at
    end as ends_at,
    w.covers_history,
    w.strength
from heard as w
join int_consent__holders as h
    on h.account_ref = w.account_ref
    and (w.profile_ref is null or w.profile_ref = h.profile_ref or w.signal = 'gpc')
    and (w.device_ref is null or w.device_ref = h.device_ref or w.signal = 'gpc')
left join confirmed as c
    on w.signal = 'gpc'
    and c.account_ref = w.account_ref
    and (c.profile_ref is null or c.profile_ref = h.profile_ref)
    and c.purpose = w.denied_by
    and c.effective_at <= w.effective_at
    and (c.until is null or c.until > w.effective_at)
where c.account_ref is null
