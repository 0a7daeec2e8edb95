-- One row per subject, and one more per subject and device that has consent rows of its own; device_id is empty for the first.
select
    s.subject_no,
    '' as device_id,
    s.account_ref,
    s.profile_ref,
    cast(null as varchar) as device_ref,
    s.adult_from
from subjects as s
union all
select distinct
    s.subject_no,
    d.device_id,
    s.account_ref,
    s.profile_ref,
    d.device_ref,
    s.adult_from
from consent_ledger as l
join consent_devices as d
    on d.device_ref = l.device_ref
join subjects as s
    on s.account_ref = l.account_ref and (l.profile_ref is null or l.profile_ref = s.profile_ref)
where l.scope = 'device'
