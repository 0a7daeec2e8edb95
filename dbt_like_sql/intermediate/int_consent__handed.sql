-- One row per account and profile whose rows may be handed to one recipient at the as-of time: $purpose is the purpose that asks for a form of
-- its own, $named the same for that recipient alone. A form that names nobody counts unless it was taken back for the recipient; no device objects.
with said as (
    select
        t.account_id,
        t.profile_id,
        t.device_id,
        v.purpose,
        v.state_reason,
        v.subject_reason = '' and v.viewer_reason = '' and v.state_reason = '' and v.form_reason = '' as allowed
    from consent_timeline as t
    join consent_verdicts as v
        on v.verdict_no = t.verdict_no
    where
        t.valid_from <= $as_of
        and t.valid_until > $as_of
        and v.purpose in ($purpose, $named)
),

devices as (
    select
        s.account_id,
        s.profile_id,
        s.device_id,
        max(case when s.purpose = $named and s.allowed then 1 else 0 end) as by_name,
        max(case when s.purpose = $purpose and s.allowed then 1 else 0 end) as for_all,
        max(
            case
                when
                    s.purpose = $named
                    and s.state_reason in ('withdrawn', 'denied', 'objected', 'conflicting_record')
                    then 1
                else 0
            end
        ) as refused
    from said as s
    group by s.account_id, s.profile_id, s.device_id
)

select d.account_id, d.profile_id
from devices as d
group by d.account_id, d.profile_id
having min(case when d.by_name = 1 or (d.for_all = 1 and d.refused = 0) then 1 else 0 end) = 1
