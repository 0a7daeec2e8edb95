-- One row per accepted event and purpose: why it may not be used, or an empty reason.
select f.source, f.event_id, d.purpose, d.reason
from int_consent__facts as f
join int_consent__decided as d
    on d.source = f.source
    and d.arrival_day = f.arrival_day
    and d.verdict_no = f.verdict_no
    and d.is_private = f.is_private
    and d.is_hidden = f.is_hidden
    and d.event_day = f.event_day
