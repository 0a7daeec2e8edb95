-- One row per holder, purpose and stretch of event time, with the letter of the first of rules 4, 5, 6 and 8 that denies, or `a`.
with ticks as (
    select w.subject_no, w.device_id, w.purpose, w.effective_at as tick
    from consent_words as w
    union
    select w.subject_no, w.device_id, w.purpose, w.ends_at as tick
    from consent_words as w
    where w.ends_at <= $as_of
    union
    select w.subject_no, w.device_id, w.purpose, timestamp '0001-01-01 00:00:00' as tick
    from consent_words as w
),

candidates as (
    -- 3 in force, 2 expired, 1 ended with childhood, 0 a standing grant that reaches back to before any word.
    select
        t.subject_no,
        t.device_id,
        t.purpose,
        t.tick,
        w.denied_by,
        w.scope,
        w.effective_at,
        w.strength,
        case
            when w.effective_at > t.tick then 0
            when w.ends_at is null or w.ends_at > t.tick then 3
            when w.expires_at = w.ends_at then 2
            else 1
        end as force
    from ticks as t
    join consent_words as w
        on w.subject_no = t.subject_no and w.device_id = t.device_id and w.purpose = t.purpose
    where
        w.effective_at <= t.tick
        or (w.covers_history and w.strength = 1 and (w.ends_at is null or w.ends_at > $as_of))
),

voices as (
    -- Of each scope, and of each purpose above, the latest word counts; of words of one instant the strongest.
    select c.subject_no, c.device_id, c.purpose, c.tick, c.denied_by, c.force, c.strength
    from candidates as c
    qualify row_number() over (
        partition by c.subject_no, c.device_id, c.purpose, c.tick, c.denied_by, c.scope
        order by c.force desc, c.effective_at desc, c.strength desc
    ) = 1
),

states as (
    -- Scopes are ANDed: the strongest word wins. From a purpose above only a denial is heard.
    select
        t.subject_no,
        t.device_id,
        t.purpose,
        t.tick,
        coalesce(max(case
            when v.force = 1 then 0
            when v.denied_by <> v.purpose and (v.force = 2 or v.strength < 4) then 0
            when v.force = 2 then 3
            else v.strength
        end), 0) as strength
    from ticks as t
    left join voices as v
        on v.subject_no = t.subject_no and v.device_id = t.device_id and v.purpose = t.purpose and v.tick = t.tick
    group by t.subject_no, t.device_id, t.purpose, t.tick
),

histories as (
    -- Since when a standing grant covers what came before it, by scope and purpose above.
    select w.subject_no, w.device_id, w.purpose, w.denied_by, w.scope, max(w.effective_at) as covered_until
    from consent_words as w
    where w.covers_history and w.strength = 1 and (w.ends_at is null or w.ends_at > $as_of)
    group by w.subject_no, w.device_id, w.purpose, w.denied_by, w.scope
),

blocks as (
    -- The last denial that no such grant follows: no earlier event is used.
    select w.subject_no, w.device_id, w.purpose, w.effective_at as blocked_until, w.strength
    from consent_words as w
    left join histories as h
        on h.subject_no = w.subject_no
        and h.device_id = w.device_id
        and h.purpose = w.purpose
        and h.denied_by = w.denied_by
        and h.scope = w.scope
    where w.strength >= 4 and (h.covered_until is null or h.covered_until <= w.effective_at)
    qualify row_number() over (
        partition by w.subject_no, w.device_id, w.purpose
        order by w.effective_at desc, w.strength desc
    ) = 1
),

firsts as (
    select
        w.subject_no,
        w.device_id,
        w.purpose,
        max(w.effective_at) as last_word_at,
        -- Rule 8: a consent on a form of its own that stands at the as-of time.
        max(case
            when w.signal = 'vppa' and w.strength = 1 and (w.ends_at is null or w.ends_at > $as_of) then w.effective_at
        end) as form_at
    from consent_words as w
    where w.denied_by = w.purpose
    group by w.subject_no, w.device_id, w.purpose
),

bounded as (
    select
        s.subject_no,
        s.device_id,
        s.purpose,
        s.tick,
        lead(s.tick) over (partition by s.subject_no, s.device_id, s.purpose order by s.tick) as next_tick,
        s.strength,
        last_value(s.strength) over (
            partition by s.subject_no, s.device_id, s.purpose
            order by s.tick
            rows between unbounded preceding and unbounded following
        ) as strength_now
    from states as s
)

select
    b.subject_no,
    b.device_id,
    b.purpose,
    b.tick as valid_from,
    coalesce(b.next_tick, timestamp '9999-12-31 00:00:00') as valid_until,
    case
        when b.strength >= 2 then substr('asewdocb', b.strength, 1)
        when b.strength = 0 and r.basis = 'consent' and f.last_word_at > b.tick then 'n'
        when b.strength = 0 and (r.basis = 'consent' or (r.basis = 'legitimate_interest' and not r.notice_given)) then 'u'
        when b.strength_now >= 2 then substr('asewdocb', b.strength_now, 1)
        when b.strength_now = 0 and (r.basis = 'consent' or (r.basis = 'legitimate_interest' and not r.notice_given)) then 'u'
        when b.tick < k.blocked_until then substr('asewdocb', k.strength, 1)
        when r.form_days is not null and (f.form_at is null or f.form_at < $as_of - r.form_days * interval '1' day) then 'f'
        else 'a'
    end as letter
from bounded as b
join purpose_rules as r
    on r.purpose = b.purpose
left join blocks as k
    on k.subject_no = b.subject_no and k.device_id = b.device_id and k.purpose = b.purpose
left join firsts as f
    on f.subject_no = b.subject_no and f.device_id = b.device_id and f.purpose = b.purpose
