-- One row per purpose and standing: how many people there are whom it may use at the as-of time, and why not the others.
with standing as (
    select
        v.purpose,
        case
            when v.subject_reason <> '' then v.subject_reason
            when v.viewer_reason <> '' then v.viewer_reason
            when v.state_reason <> '' then v.state_reason
            when v.form_reason <> '' then v.form_reason
            else 'allowed'
        end as standing
    from consent_timeline as t
    join consent_verdicts as v
        on v.verdict_no = t.verdict_no
    where t.device_id = '' and t.valid_from <= $as_of and t.valid_until > $as_of
)

select s.purpose, s.standing, count(*) as people
from standing as s
group by s.purpose, s.standing
