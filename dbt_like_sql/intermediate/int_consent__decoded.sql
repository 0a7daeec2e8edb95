-- One row per consent string and purpose that it speaks of, with what it says: the strictest of its parts. A string is never a grant
-- by half: all TCF purposes of a purpose must be granted. That somebody did not opt out lifts an opt-out and grants nothing.
with strings as (
    select
        c.consent_event_id,
        c.account_id,
        c.profile_id,
        c.device_id,
        c.signal,
        c.effective_at,
        c.recorded_at,
        c.expires_at,
        c.jurisdiction,
        c.notice_version,
        c.covers_history,
        c.evidence_ref,
        r.purpose,
        r.basis,
        d.malformed,
        r.tcf_mask,
        case when r.tcf_as_vendor then d.vendor_consent else d.own_consent end as consented,
        case when r.tcf_as_vendor then d.vendor_interest else d.own_interest end as interested,
        case when r.ends_with_sale then d.sale else 'silent' end as sale,
        case when r.ends_with_sharing then d.sharing else 'silent' end as sharing,
        case when r.ends_with_targeted_advertising then d.targeted_advertising else 'silent' end as targeted,
        coalesce(r.ends_with_known_child and d.known_child = 'no_consent', false)
        or coalesce(r.ends_with_sensitive_data and d.sensitive_data = 'no_consent', false) as unpermitted,
        r.ends_with_sale or r.ends_with_sharing or r.ends_with_targeted_advertising or r.ends_with_sensitive_data or r.ends_with_known_child as hears_us
    from accepted_consent_events as c
    join decoded_signals as d
        on d.signal_value = c.signal_value
    join purpose_rules as r
        on c.purpose is null or c.purpose = r.purpose
    where c.signal in ('tcf', 'gpp')
),

meanings as (
    select
        s.consent_event_id,
        s.account_id,
        s.profile_id,
        s.device_id,
        s.signal,
        s.effective_at,
        s.recorded_at,
        s.expires_at,
        s.jurisdiction,
        s.notice_version,
        s.covers_history,
        s.evidence_ref,
        s.purpose,
        s.basis,
        case
            when s.malformed is not null and (s.tcf_mask > 0 or s.hears_us) then 'malformed'
            when s.sale in ('opted_out', 'gpc') or s.sharing in ('opted_out', 'gpc') or s.targeted in ('opted_out', 'gpc') then 'objected'
            when s.sale in ('no_notice', 'not_applicable') or s.sharing in ('no_notice', 'not_applicable') or s.targeted in ('no_notice', 'not_applicable') then 'denied'
            when s.unpermitted then 'denied'
            when s.tcf_mask > 0 and s.consented & s.tcf_mask = s.tcf_mask then 'granted'
            when s.tcf_mask > 0 and s.basis = 'legitimate_interest' and (s.consented | s.interested) & s.tcf_mask = s.tcf_mask then 'granted'
            when s.tcf_mask > 0 and s.consented is not null then case when s.basis = 'legitimate_interest' then 'objected' else 'denied' end
            when s.sale = 'not_opted_out' or s.sharing = 'not_opted_out' or s.targeted = 'not_opted_out' then 'not_opted_out'
        end as state
    from strings as s
)

select
    -- What a string means depends on the policy: read in another way, it is another entry.
    'string ' || m.state as kind,
    m.consent_event_id as event_id,
    m.account_id,
    m.profile_id,
    m.device_id,
    case
        when m.device_id is not null then 'device'
        when m.profile_id is null then 'account'
        else 'profile'
    end as scope,
    m.purpose,
    m.state,
    m.basis,
    m.signal,
    m.effective_at,
    m.recorded_at,
    m.expires_at,
    m.jurisdiction,
    m.notice_version,
    m.covers_history,
    m.evidence_ref
from meanings as m
where m.state is not null
