-- One row per accepted event: the verdict over its viewer at its time, and all else that a decision about it depends on.
with own_devices as (
    select distinct t.account_id, t.profile_id, t.device_id
    from consent_timeline as t
    where t.device_id <> ''
)

select
    'viewing_events' as source,
    e.event_id,
    e.arrival_day,
    coalesce(t.verdict_no, 0) as verdict_no,
    e.private_session or p.account_id is not null as is_private,
    h.account_id is not null as is_hidden,
    -- Windows are whole days that end with the as-of time: with the clock shifted to end a calendar day, dates suffice.
    -- In two parts, for DuckDB multiplies an interval by an INTEGER, which holds 36 minutes of microseconds.
    cast((e.started_at + $shift_seconds * interval '1' second) + $shift_micros * interval '1' microsecond as date) as event_day
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
union all
select
    'search_events' as source,
    e.event_id,
    e.arrival_day,
    coalesce(t.verdict_no, 0) as verdict_no,
    false as is_private,
    h.account_id is not null as is_hidden,
    cast((e.searched_at + $shift_seconds * interval '1' second) + $shift_micros * interval '1' microsecond as date) as event_day
from accepted_search_events as e
left join consent_timeline as t
    on t.account_id = e.account_id
    and t.profile_id = e.profile_id
    and t.device_id = ''
    and e.searched_at >= t.valid_from
    and e.searched_at < t.valid_until
left join hidden_titles as h
    on h.account_id = e.account_id and h.profile_id = e.profile_id and h.title_id = e.clicked_title_id
