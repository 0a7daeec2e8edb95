-- One row per viewer and title that a segment for advertising may be told from.
select
    e.viewer_key,
    e.title_id
from permitted_advertising_viewing_events as e
group by e.viewer_key, e.title_id
