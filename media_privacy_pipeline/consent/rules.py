"""The policy as two small tables, so that a decision is a join: `purpose_rules` and `purpose_ancestors`."""

from __future__ import annotations

from typing import Any, get_args

import pyarrow as pa

from ..consent_policy import UsQuestion
from ..policy import Policy
from .signals.tcf_meaning import mask

_RULES = pa.schema(
    [
        ("purpose", pa.string()),
        ("position", pa.int32()),
        ("basis", pa.string()),
        ("window_days", pa.int32()),
        ("search_window_days", pa.int32()),
        ("form_days", pa.int32()),
        ("notice_given", pa.bool_()),
        ("min_notice_version", pa.int32()),
        ("accept_history", pa.bool_()),
        ("is_sale", pa.bool_()),
        ("tcf_mask", pa.int32()),
        ("tcf_as_vendor", pa.bool_()),
        ("ends_with_sale", pa.bool_()),
        ("ends_with_sharing", pa.bool_()),
        ("ends_with_targeted_advertising", pa.bool_()),
        ("ends_with_sensitive_data", pa.bool_()),
        ("ends_with_known_child", pa.bool_()),
        ("confirmed_override", pa.bool_()),
        ("denies_private", pa.bool_()),
        ("denies_kids", pa.bool_()),
        ("denies_unknown_age", pa.bool_()),
        ("denies_hidden", pa.bool_()),
        ("sees_viewing_events", pa.bool_()),
        ("sees_search_events", pa.bool_()),
    ]
)
_ANCESTORS = pa.schema([("purpose", pa.string()), ("denied_by", pa.string())])


US_QUESTIONS: tuple[UsQuestion, ...] = get_args(UsQuestion)
"""What a US section answers, by the names that the policy gives."""


def named(purpose: str, recipient: str) -> str:
    """What the ledger calls a purpose for the one recipient that a form names: it descends from the purpose."""
    return f"{purpose}/{recipient}"


def purpose_rules(policy: Policy, recipient: str | None = None) -> pa.Table:
    """One row per purpose, in the policy's order: the columns of the contract `purpose_rules`.

    With a recipient, each purpose that asks for a separate form has a row more, for that recipient alone.
    """
    subjects, signals = policy.subjects, policy.signals
    rows: list[dict[str, Any]] = [
        {
            "purpose": name,
            "position": position,
            "basis": purpose.basis.value,
            "window_days": purpose.window_of("viewing_events"),
            "search_window_days": purpose.window_of("search_events"),
            "form_days": purpose.separate_form_days,
            "notice_given": purpose.notice_given,
            "min_notice_version": policy.consent.min_notice_version,
            "accept_history": policy.consent.accept_history_grants,
            "is_sale": name in policy.consent.sale_purposes,
            "tcf_mask": mask(purpose.tcf_purposes),
            "tcf_as_vendor": name in signals.tcf_vendor_purposes,
            **{f"ends_with_{question}": name in signals.us_opt_outs.get(question, ()) for question in US_QUESTIONS},
            "confirmed_override": signals.confirmed_override,
            "denies_private": name in subjects.private_sessions_denied_for,
            "denies_kids": name in subjects.kids_profiles_are_private_for,
            "denies_unknown_age": name in subjects.unknown_age_is_minor_for,
            "denies_hidden": name in subjects.hidden_titles_denied_for,
            "sees_viewing_events": bool(purpose.columns.get("viewing_events")),
            "sees_search_events": bool(purpose.columns.get("search_events")),
        }
        for position, (name, purpose) in enumerate(policy.purposes.items(), start=1)
    ]
    if recipient is not None:
        for row in [row for row in rows if row["form_days"] is not None]:
            rows.append({**row, "purpose": named(row["purpose"], recipient), "position": len(rows) + 1})
    return pa.Table.from_pylist(rows, _RULES)


def purpose_ancestors(policy: Policy, recipient: str | None = None) -> pa.Table:
    """One row per purpose and each purpose whose denial denies it, itself included; with a recipient as above."""
    rows = [{"purpose": name, "denied_by": above} for name in policy.purposes for above in policy.denied_by(name)]
    for name, purpose in policy.purposes.items():
        if recipient is not None and purpose.separate_form_days is not None:
            own = named(name, recipient)
            rows += [{"purpose": own, "denied_by": above} for above in (own, *policy.denied_by(name))]
    return pa.Table.from_pylist(rows, _ANCESTORS)
