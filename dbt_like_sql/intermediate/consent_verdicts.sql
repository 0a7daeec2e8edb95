-- One row per verdict that occurs and purpose: the letters in words, by the rules in their order.
with verdicts as (
    select distinct t.verdict_no, t.letters
    from consent_timeline as t
)

select
    v.verdict_no,
    r.purpose,
    case substr(v.letters, 1, 1) when 'e' then 'erased' when 'h' then 'on_hold' when 'r' then 'restricted' else '' end as subject_reason,
    case
        when r.denies_kids and substr(v.letters, 2, 1) = 'k' then 'kids_profile'
        when r.denies_kids and substr(v.letters, 3, 1) = 'm' then 'minor'
        when r.denies_unknown_age and substr(v.letters, 3, 1) = 'x' then 'age_unknown'
        else ''
    end as viewer_reason,
    case substr(v.letters, 3 + 3 * r.position, 1)
        when 'u' then 'unknown'
        when 'n' then 'not_consented_at_event'
        when 's' then 'stale_notice'
        when 'e' then 'expired'
        when 'w' then 'withdrawn'
        when 'd' then 'denied'
        when 'o' then 'objected'
        when 'c' then 'conflicting_record'
        when 'b' then 'malformed'
        else ''
    end as state_reason,
    case when substr(v.letters, 3 + 3 * r.position, 1) = 'f' then 'no_disclosure_form' else '' end as form_reason
from verdicts as v
cross join purpose_rules as r
