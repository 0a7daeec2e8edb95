-- One row per arrival day, source, purpose and reason: how many accepted rows a purpose may use, and why it may not use the others.
with own_devices as (
    select distinct t.account_id, t.profile_id, t.device_id
    from consent_timeline as t
    where t.device_id <> ''
),

viewing as (
    select
        e.arrival_day,
        t.verdict_no,
        e.private_session or p.account_id is not null as is_private,
        h.account_id is not null as is_hidden,
        -- Age in days that end with the as-of time: all that windows, which are whole days, need to know.
        cast(e.started_at + $shift * interval '1' microsecond as date) as event_day
    from accepted_viewing_events as e
    left join own_devices as d
        on d.account_id = e.account_id and d.profile_id = e.profile_id and d.device_id = e.device_id
    left join consent_timeline as t
        on t.account_id = e.account_id
        and t.profile_id = e.profile_id
        and t.device_id = coalesce(d.device_id, '')
        and e.started_at >= t.valid_from
        and e.started_at < t.valid_until
    left join private_sessions as p
        on p.account_id = e.account_id and p.session_id = e.session_id and e.started_at >= p.private_from
    left join hidden_titles as h
        on h.account_id = e.account_id and h.profile_id = e.profile_id and h.title_id = e.title_id
),

searches as (
    select
        e.arrival_day,
        t.verdict_no,
        false as is_private,
        h.account_id is not null as is_hidden,
        cast(e.searched_at + $shift * interval '1' microsecond as date) as event_day
    from accepted_search_events as e
    left join consent_timeline as t
        on t.account_id = e.account_id
        and t.profile_id = e.profile_id
        and t.device_id = ''
        and e.searched_at >= t.valid_from
        and e.searched_at < t.valid_until
    left join hidden_titles as h
        on h.account_id = e.account_id and h.profile_id = e.profile_id and h.title_id = e.clicked_title_id
),

counted as (
    select 'viewing_events' as source, v.arrival_day, v.verdict_no, v.is_private, v.is_hidden, v.event_day, count(*) as events
    from viewing as v
    group by v.arrival_day, v.verdict_no, v.is_private, v.is_hidden, v.event_day
    union all
    select 'search_events' as source, s.arrival_day, s.verdict_no, s.is_private, s.is_hidden, s.event_day, count(*) as events
    from searches as s
    group by s.arrival_day, s.verdict_no, s.is_private, s.is_hidden, s.event_day
),

decided as (
    select
        c.source,
        c.arrival_day,
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
            when date_diff('day', c.event_day, $origin) > r.window_days then 'outside_window'
            else ''
        end as reason,
        c.events
    from counted as c
    cross join purpose_rules as r
    left join consent_verdicts as v
        on v.verdict_no = c.verdict_no and v.purpose = r.purpose
)

select
    d.source,
    case when d.reason = '' then 'used/' else 'withheld/' end || d.purpose as stage,
    d.reason,
    cast(sum(d.events) as bigint) as rows,
    d.arrival_day
from decided as d
group by d.source, d.purpose, d.reason, d.arrival_day
