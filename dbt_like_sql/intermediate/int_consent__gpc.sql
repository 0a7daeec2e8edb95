-- One row per purpose of sale and account, device and arrival day on which Global Privacy Control is heard: from the player itself, or
-- because the account is seen on a device after a consent event said that it sends it, under whatever account.
with heard as (
    select
        'gpc sent' as kind,
        '' as said_in,
        e.account_id,
        e.device_id,
        e.started_at as effective_at,
        greatest(e.started_at, cast(e.arrival_day as timestamp)) as recorded_at,
        e.arrival_day
    from accepted_viewing_events as e
    where e.gpc
    union all
    select
        'gpc linked' as kind,
        c.consent_event_id as said_in,
        e.account_id,
        e.device_id,
        e.started_at as effective_at,
        greatest(c.recorded_at, e.started_at, cast(e.arrival_day as timestamp)) as recorded_at,
        e.arrival_day
    from accepted_viewing_events as e
    join accepted_consent_events as c
        on c.device_id = e.device_id and c.effective_at <= e.started_at
    where c.signal = 'gpc' and coalesce(c.state, 'objected') <> 'granted' and coalesce(c.signal_value, '1') not in ('0', 'false')
)

select
    h.kind,
    h.said_in || ' ' || coalesce(h.device_id, '') || ' ' || cast(h.arrival_day as varchar) as event_id,
    h.account_id,
    cast(null as varchar) as profile_id,
    h.device_id,
    case when h.device_id is null then 'account' else 'device' end as scope,
    r.purpose,
    'objected' as state,
    r.basis,
    'gpc' as signal,
    min(h.effective_at) as effective_at,
    min(h.recorded_at) as recorded_at,
    cast(null as timestamp) as expires_at,
    cast(null as varchar) as jurisdiction,
    cast(null as integer) as notice_version,
    false as covers_history,
    cast(null as varchar) as evidence_ref
from heard as h
join purpose_rules as r
    on r.is_sale
group by h.kind, h.said_in, h.account_id, h.device_id, h.arrival_day, r.purpose, r.basis
