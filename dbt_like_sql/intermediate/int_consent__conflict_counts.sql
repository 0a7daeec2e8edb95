-- One row per purpose and kind of conflict: how many people it stands for at the as-of time.
with voices as (
    select w.subject_no, w.device_id, w.purpose, w.scope, w.strength
    from consent_words as w
    where w.denied_by = w.purpose and (w.ends_at is null or w.ends_at > $as_of)
    qualify row_number() over (
        partition by w.subject_no, w.device_id, w.purpose, w.scope
        order by w.effective_at desc, w.strength desc
    ) = 1
),

contradictions as (
    select distinct
        denial.subject_no,
        denial.purpose,
        case
            when denial.strength = 8 then 'malformed'
            when denial.strength = 7 then 'conflicting_record'
            when denial.scope = 'gpc' then 'gpc_against_grant'
            else 'scopes_disagree'
        end as kind
    from voices as denial
    left join voices as consent
        on consent.subject_no = denial.subject_no and consent.device_id = denial.device_id and consent.purpose = denial.purpose and consent.strength = 1
    where denial.strength >= 7 or (denial.strength >= 4 and consent.subject_no is not null)
),

worthless as (
    select distinct s.subject_no, r.purpose, l.state || '_grant' as kind
    from consent_ledger as l
    join subjects as s
        on s.account_ref = l.account_ref and (l.profile_ref is null or l.profile_ref = s.profile_ref)
    join purpose_rules as r
        on l.purpose = r.purpose or (l.purpose = '*' and r.basis in ('consent', 'legitimate_interest'))
    where l.state in ('unproven', 'undecoded') and l.effective_at <= $as_of
),

found as (
    select c.subject_no, c.purpose, c.kind
    from contradictions as c
    union all
    select w.subject_no, w.purpose, w.kind
    from worthless as w
)

select f.purpose, f.kind, count(*) as people
from found as f
group by f.purpose, f.kind
