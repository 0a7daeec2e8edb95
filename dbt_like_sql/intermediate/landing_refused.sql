-- Which good rows are not accepted, because their identity was seen before: within $lateness_days before them, on a later day that was run first,
-- or earlier among the rows at hand (which span no more than $lateness_days).
with fresh as (
  select row_id, payload_hash, _file, _line, arrival_day
  from landing_keys
  where not known
),

seen as (
  select
    fresh.row_id,
    fresh.payload_hash,
    fresh._file,
    fresh._line,
    fresh.arrival_day,
    known.payload_hash as known_hash
  from fresh
  left join landing_keys as known
    on fresh.row_id = known.row_id
    and known.known
    and date_diff('day', known.arrival_day, fresh.arrival_day) between -$lateness_days and $lateness_days
  qualify row_number() over (
    partition by fresh._file, fresh._line
    order by
      case when known.arrival_day < fresh.arrival_day then 0 else 1 end,
      abs(date_diff('day', known.arrival_day, fresh.arrival_day))
  ) = 1
),

-- What no known row claims is new: its first delivery is accepted and claims the others.
claimed as (
  select
    _file,
    _line,
    arrival_day,
    payload_hash,
    coalesce(
      known_hash,
      first_value(payload_hash) over (partition by row_id, known_hash is null order by arrival_day, _file, _line)
    ) as claim,
    known_hash is null
      and row_number() over (partition by row_id, known_hash is null order by arrival_day, _file, _line) = 1 as accepted
  from seen
)

select
  _file,
  _line,
  case when payload_hash = claim then 'duplicate' else 'quarantined' end as stage,
  case when payload_hash = claim then '' else 'conflicting_duplicate' end as reason,
  arrival_day
from claimed
where not accepted
