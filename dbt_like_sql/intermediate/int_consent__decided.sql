-- One row per purpose and group of events that nothing tells apart: the first rule that denies them, or an empty reason, and how many they are.
with counted as (
    select f.source, f.arrival_day, f.verdict_no, f.is_private, f.is_hidden, f.event_day, count(*) as events
    from int_consent__facts as f
    group by f.source, f.arrival_day, f.verdict_no, f.is_private, f.is_hidden, f.event_day
)

select
    c.source,
    c.arrival_day,
    c.verdict_no,
    c.is_private,
    c.is_hidden,
    c.event_day,
    r.purpose,
    case
        when v.purpose is null then 'unknown'
        when v.subject_reason <> '' then v.subject_reason
        when r.denies_private and c.is_private then 'private_session'
        when v.viewer_reason <> '' then v.viewer_reason
        when r.denies_hidden and c.is_hidden then 'hidden_title'
        when c.source = 'viewing_events' and not r.sees_viewing_events then 'not_permitted'
        when c.source = 'search_events' and not r.sees_search_events then 'not_permitted'
        when v.state_reason <> '' then v.state_reason
        when date_diff('day', c.event_day, $origin)
            > case when c.source = 'search_events' then r.search_window_days else r.window_days end then 'outside_window'
        else v.form_reason
    end as reason,
    c.events
from counted as c
cross join purpose_rules as r
left join consent_verdicts as v
    on v.verdict_no = c.verdict_no and v.purpose = r.purpose
