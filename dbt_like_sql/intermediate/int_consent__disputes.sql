-- One row per subject and purpose whose word is in doubt: a denial from the moment of whichever delivery is later, known since the second arrived.
select
    'conflict' as kind,
    k.consent_event_id as event_id,
    k.account_id,
    k.profile_id,
    cast(null as varchar) as device_id,
    case when k.profile_id is null then 'account' else 'profile' end as scope,
    coalesce(k.purpose, '*') as purpose,
    'conflicting' as state,
    r.basis,
    'door' as signal,
    greatest(k.recorded_at, coalesce(a.effective_at, k.recorded_at)) as effective_at,
    greatest(k.recorded_at, cast(k.arrival_day as timestamp)) as recorded_at,
    cast(null as timestamp) as expires_at,
    cast(null as varchar) as jurisdiction,
    cast(null as integer) as notice_version,
    false as covers_history,
    cast(null as varchar) as evidence_ref
from conflicting_consents as k
left join accepted_consent_events as a
    on a.consent_event_id = k.consent_event_id
left join purpose_rules as r
    on r.purpose = k.purpose
