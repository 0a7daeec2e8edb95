-- One row per account, profile, device and stretch of event time in which nothing changes for any purpose. Nothing is known of the time
-- after the as-of time: an event that a fast clock put there is decided as one of that instant.
with ticks as (
    select s.subject_no, s.device_id, s.valid_from as tick
    from consent_spans as s
    union
    select h.subject_no, h.device_id, h.adult_from as tick
    from int_consent__holders as h
    where h.adult_from <= $as_of
    union
    select h.subject_no, h.device_id, timestamp '0001-01-01 00:00:00' as tick
    from int_consent__holders as h
),

letters as (
    -- A purpose that nobody spoke of: unknown, unless it needs no word.
    select
        t.subject_no,
        t.device_id,
        t.tick,
        r.position,
        coalesce(s.letter, case
            when r.basis = 'consent' or (r.basis = 'legitimate_interest' and not r.notice_given) then 'u'
            when r.form_days is not null then 'f'
            else 'a'
        end) as letter
    from ticks as t
    cross join purpose_rules as r
    left join consent_spans as s
        on s.subject_no = t.subject_no
        and s.device_id = t.device_id
        and s.purpose = r.purpose
        and s.valid_from <= t.tick
        and s.valid_until > t.tick
),

spelled as (
    -- Sorted as text, for an order inside an aggregate is lost on the way to Spark.
    select
        l.subject_no,
        l.device_id,
        l.tick,
        array_to_string(list_sort(array_agg(lpad(cast(l.position as varchar), 2, '0') || l.letter)), '') as letters
    from letters as l
    group by l.subject_no, l.device_id, l.tick
),

verdicts as (
    select
        s.account_id,
        s.profile_id,
        p.device_id,
        p.tick,
        case s.status when 'erased' then 'e' when 'on_hold' then 'h' when 'restricted' then 'r' else '-' end
        || case when s.is_kid then 'k' when s.is_guest then 'g' else '-' end
        || case when s.adult_from is null then 'x' when p.tick < s.adult_from then 'm' else '-' end
        || p.letters as letters
    from spelled as p
    join subjects as s
        on s.subject_no = p.subject_no
),

changes as (
    select
        v.account_id,
        v.profile_id,
        v.device_id,
        v.tick,
        v.letters,
        lag(v.letters) over (partition by v.account_id, v.profile_id, v.device_id order by v.tick) as letters_before
    from verdicts as v
)

select
    c.account_id,
    c.profile_id,
    c.device_id,
    c.tick as valid_from,
    coalesce(
        lead(c.tick) over (partition by c.account_id, c.profile_id, c.device_id order by c.tick),
        timestamp '9999-12-31 00:00:00'
    ) as valid_until,
    cast(dense_rank() over (order by c.letters) as integer) as verdict_no,
    c.letters
from changes as c
where c.letters_before is null or c.letters_before <> c.letters
