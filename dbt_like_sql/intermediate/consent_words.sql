-- One row per holder, purpose and ledger row that bears on it, at its strength: 1 granted, 2 granted under a stale notice, 4 withdrawn,
-- 5 denied, 6 objected, 7 disputed (3 is what an expired grant will be). A purpose hears its own rows and those of the purposes above it.
with spoken as (
    select
        l.account_ref,
        l.profile_ref,
        case when l.scope = 'device' then l.device_ref end as device_ref,
        l.scope,
        l.signal,
        l.effective_at,
        l.expires_at,
        l.covers_history,
        l.notice_version,
        r.purpose,
        case l.state
            when 'granted' then 1
            when 'withdrawn' then 4
            when 'denied' then 5
            when 'objected' then 6
            when 'conflicting' then 7
        end as strength
    from consent_ledger as l
    join purpose_rules as r
        on l.purpose = r.purpose or (l.purpose = '*' and l.state <> 'granted' and r.basis in ('consent', 'legitimate_interest'))
    where
        l.effective_at <= $as_of
        and l.state in ('granted', 'withdrawn', 'denied', 'objected', 'conflicting')
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
    from spoken as s
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
    and (w.profile_ref is null or w.profile_ref = h.profile_ref)
    and (w.device_ref is null or w.device_ref = h.device_ref)
