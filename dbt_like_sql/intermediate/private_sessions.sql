-- One row per session with a private event: from its first private event on, all of it is private.
select
    e.account_id,
    e.session_id,
    min(e.started_at) as private_from
from accepted_viewing_events as e
where e.private_session and e.session_id is not null
group by e.account_id, e.session_id
