-- One row per purpose and thing said or asked that the ledger keeps, under the ids that it came with.
-- A person's own word holds for the profile, or the account where none is named, whatever device it was said on; what a device says by
-- itself (gpc, tcf, gpp) holds for that device where one is named. It grants by nothing but its string, which is read elsewhere.
with signals as (
    select
        'consent' as kind,
        c.consent_event_id as event_id,
        c.account_id,
        c.profile_id,
        c.device_id,
        case
            when c.signal in ('gpc', 'tcf', 'gpp') and c.device_id is not null then 'device'
            when c.profile_id is null then 'account'
            else 'profile'
        end as scope,
        c.purpose,
        case
            when c.signal = 'gpc' and coalesce(c.state, 'objected') <> 'granted' and coalesce(c.signal_value, '1') not in ('0', 'false') then 'objected'
            when c.state is null or (c.signal in ('gpc', 'tcf', 'gpp') and c.state = 'granted') then 'undecoded'
            when c.state = 'granted' and c.evidence_ref is null and strpos($proof_required, '|' || c.signal || '|') > 0 then 'unproven'
            else c.state
        end as state,
        c.signal,
        c.effective_at,
        c.recorded_at,
        c.expires_at,
        c.jurisdiction,
        c.notice_version,
        c.covers_history,
        c.evidence_ref,
        c.signal = 'gpc' and c.purpose is null as ends_sale
    from accepted_consent_events as c
    where c.signal_value is null or c.signal not in ('tcf', 'gpp') or c.state <> 'granted'
),

requests as (
    -- A request of somebody unverified counts only as far as it objects to sale. Access and portability change no decision.
    select
        'request' as kind,
        q.request_id as event_id,
        q.account_id,
        q.profile_id,
        cast(null as varchar) as device_id,
        case when q.profile_id is null then 'account' else 'profile' end as scope,
        case when q.kind = 'objection' then q.purpose end as purpose,
        case q.kind
            when 'objection' then 'objected'
            when 'erasure' then 'erased'
            when 'restriction' then 'restricted'
            when 'lift_restriction' then 'restriction_lifted'
            when 'legal_hold' then 'held'
            when 'lift_hold' then 'hold_lifted'
            when 'hide_title' then 'hidden'
        end as state,
        'request' as signal,
        q.received_at as effective_at,
        q.received_at as recorded_at,
        cast(null as timestamp) as expires_at,
        cast(null as varchar) as jurisdiction,
        cast(null as integer) as notice_version,
        false as covers_history,
        cast(null as varchar) as evidence_ref,
        not q.verified as ends_sale
    from accepted_subject_requests as q
    where q.kind = 'objection' or (q.verified and q.kind not in ('access', 'portability'))
),

said as (
    select s.* from signals as s
    union all
    select q.* from requests as q
)

select
    s.kind,
    s.event_id,
    s.account_id,
    s.profile_id,
    s.device_id,
    s.scope,
    -- A form of its own that names a recipient (evidence_ref: recipient:NAME ...) is about that recipient alone.
    case
        when r.form_days is not null and regexp_matches(s.evidence_ref, '^recipient:[a-z0-9_-]+( |$)')
            then s.purpose || '/' || regexp_extract(s.evidence_ref, '^recipient:([a-z0-9_-]+)', 1)
        else coalesce(s.purpose, '*')
    end as purpose,
    s.state,
    r.basis,
    s.signal,
    s.effective_at,
    s.recorded_at,
    s.expires_at,
    s.jurisdiction,
    s.notice_version,
    s.covers_history,
    s.evidence_ref
from said as s
left join purpose_rules as r
    on r.purpose = s.purpose
where not (s.ends_sale and s.state = 'objected')
union all
select
    s.kind,
    s.event_id,
    s.account_id,
    s.profile_id,
    s.device_id,
    s.scope,
    r.purpose,
    s.state,
    r.basis,
    s.signal,
    s.effective_at,
    s.recorded_at,
    s.expires_at,
    s.jurisdiction,
    s.notice_version,
    s.covers_history,
    s.evidence_ref
from said as s
join purpose_rules as r
    on r.is_sale and (s.purpose is null or s.purpose = r.purpose)
where s.ends_sale and s.state = 'objected'
