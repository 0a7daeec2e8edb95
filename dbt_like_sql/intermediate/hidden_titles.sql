-- One row per account, profile and title that a verified request hid by the as-of time.
select distinct
    r.account_id,
    s.profile_id,
    r.title_id
from accepted_subject_requests as r
join subjects as s
    on s.account_id = r.account_id and (r.profile_id is null or r.profile_id = s.profile_id)
where r.kind = 'hide_title' and r.verified and r.title_id is not null and r.received_at <= $as_of
