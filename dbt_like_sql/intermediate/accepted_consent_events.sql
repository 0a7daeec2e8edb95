-- Good rows whose identity was not seen before.
select
  good.consent_event_id,
  good.account_id,
  good.profile_id,
  good.device_id,
  good.purpose,
  good.signal_value,
  good.state,
  good.signal,
  good.effective_at,
  good.recorded_at,
  good.expires_at,
  good.notice_version,
  good.jurisdiction,
  good.covers_history,
  good.evidence_ref,
  md5(
    concat_ws(
      chr(31),
      coalesce(good.consent_event_id, ''),
      coalesce(good.account_id, ''),
      coalesce(good.profile_id, ''),
      coalesce(good.device_id, ''),
      coalesce(good.purpose, ''),
      coalesce(good.signal_value, ''),
      coalesce(good.state, ''),
      coalesce(good.signal, ''),
      coalesce(cast(good.effective_at as varchar), ''),
      coalesce(cast(good.recorded_at as varchar), ''),
      coalesce(cast(good.expires_at as varchar), ''),
      coalesce(cast(good.notice_version as varchar), ''),
      coalesce(good.jurisdiction, ''),
      coalesce(cast(good.covers_history as varchar), ''),
      coalesce(good.evidence_ref, '')
    )
  ) as payload_hash,
  good.arrival_day
from stg_landing__consent_events as good
left join landing_refused as refused on good._file = refused._file and good._line = refused._line
where good.reject_reason is null and refused._line is null
