-- One row per string that cannot be read and purpose that it may have spoken of: a denial, from when it was said until that voice speaks again.
select
    'malformed' as kind,
    m.consent_event_id || ' ' || cast(m.effective_at as varchar) as event_id,
    m.account_id,
    m.profile_id,
    m.device_id,
    case
        when m.device_id is not null then 'device'
        when m.profile_id is null then 'account'
        else 'profile'
    end as scope,
    r.purpose,
    'malformed' as state,
    r.basis,
    m.signal,
    m.effective_at,
    m.recorded_at,
    cast(null as timestamp) as expires_at,
    m.jurisdiction,
    cast(null as integer) as notice_version,
    false as covers_history,
    cast(null as varchar) as evidence_ref
from malformed_signals as m
join purpose_rules as r
    on r.tcf_mask > 0 or r.ends_with_sale or r.ends_with_sharing or r.ends_with_targeted_advertising or r.ends_with_sensitive_data or r.ends_with_known_child
