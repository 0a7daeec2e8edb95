-- One row per purpose, reason and week: how many people's consent ends soon, has ended and was not renewed, or is to an older notice.
with latest as (
    select w.subject_no, w.purpose, w.strength, w.expires_at, w.ends_at
    from consent_words as w
    where w.device_id = '' and w.denied_by = w.purpose and w.scope in ('account', 'profile')
    qualify row_number() over (
        partition by w.subject_no, w.purpose, w.scope
        order by w.effective_at desc, w.strength desc
    ) = 1
),

due as (
    select distinct
        d.subject_no,
        d.purpose,
        case
            when d.strength = 2 then 'stale_notice'
            when d.ends_at = d.expires_at then case when d.ends_at <= $as_of then 'expired' else 'expires_soon' end
            else case when d.ends_at <= $as_of then 'came_of_age' else 'comes_of_age' end
        end as reason,
        cast(date_trunc('week', case when d.strength = 2 then $as_of else d.ends_at end) as date) as week
    from latest as d
    where d.strength = 2 or (d.strength = 1 and d.ends_at <= $soon)
)

select d.purpose, d.reason, d.week, count(*) as people
from due as d
group by d.purpose, d.reason, d.week
