"""The permitted tables: contracts and SELECT texts that follow from the policy by construction, from one template.

`permitted_<purpose>_<table>` holds two pseudonyms of the purpose's own and exactly the columns that the policy names
for it, as coarse as the policy says. What the policy does not name has no place in the text, hence none in the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..errors import UsageError
from ..policy import Generalisation, MinimisationPolicy, Policy
from .contracts import Access, Column, Contract, PrivacyClass, _ColumnMeta, _ContractMeta
from .generalise import generalised, joined, value, with_named

_IDENTIFIERS = (PrivacyClass.direct_identifier, PrivacyClass.pseudonym)
_KEYS = (("viewer_key", "profile"), ("account_key", "account"))


@dataclass(frozen=True)
class _Source:
    """What the template must know of a stored table; a table without a time column is about people, not events.

    `stored` is its name where that is not accepted_<table>; `grain` is what tells a person's rows apart.
    """

    time: str | None = None
    title: str | None = None
    session: str | None = None
    device: str | None = None
    stored: str | None = None
    grain: tuple[str, ...] = ()


_SOURCES = {
    "viewing_events": _Source("started_at", "title_id", "session_id", "device_id"),
    "search_events": _Source("searched_at", "clicked_title_id"),
    "accounts": _Source(),
    "hidden_titles": _Source(stored="hidden_titles", grain=("title_id",)),
}


def permitted_name(purpose: str, table: str) -> str:
    """Name of what a purpose may see of a table of the landing zone."""
    return f"permitted_{purpose}_{table}"


def permitted_contracts(policy: Policy, contracts: Mapping[str, Contract]) -> dict[str, Contract]:
    """Contract of every permitted table by name, from the policy and the contracts of the accepted tables.

    A project without the contract of an accepted table has none of what derives from it. Raises UsageError for a policy
    that names an unknown table or column, an identifier, or a generalisation that does not suit the column.
    """
    made = {}
    minimisation = policy.minimisation
    for purpose, table in _pairs(policy, contracts):
        accepted = contracts[_stored(table)]
        by_name = {column.name: column for column in accepted.columns}
        columns = [_key_column(name, unit, purpose) for name, unit in _KEYS]
        for name, how in policy.purposes[purpose].columns[table].items():
            where = f"policy: purposes.{purpose}.columns.{table}.{name}"
            if name not in by_name:
                raise UsageError(f"{where}: {accepted.name} has no such column")
            columns.append(_seen(by_name[name], how, minimisation, where))
        if _SOURCES[table].time is not None:
            columns.append(by_name["arrival_day"])
        name = permitted_name(purpose, table)
        made[name] = Contract(
            name=name,
            description=f"What the purpose {purpose} may see of {table}: {policy.purposes[purpose].title.lower()}.",
            meta=_ContractMeta(
                group="permitted",
                access=Access.internal,
                purpose=purpose,
                partition_by="arrival_day" if _SOURCES[table].time is not None else None,
                grain=() if _SOURCES[table].time is not None else ("viewer_key", *_SOURCES[table].grain),
            ),
            columns=tuple(columns),
        )
    return made


def permitted_models(policy: Policy, contracts: Mapping[str, Contract]) -> dict[str, str]:
    """SELECT text of every permitted table by name, in DuckDB's dialect, with the parameter `$as_of`.

    The texts read accepted_<table> (or hidden_titles), consent_timeline, consent_verdicts, purpose_keys (in memory)
    and, where the purpose asks for it, private_sessions, hidden_titles and region_sizes.
    """
    pairs = _pairs(policy, contracts)
    return {permitted_name(purpose, table): _select(policy, purpose, table) for purpose, table in pairs}


def _pairs(policy: Policy, contracts: Mapping[str, Contract]) -> Iterator[tuple[str, str]]:
    for purpose, rules in policy.purposes.items():
        for table, columns in rules.columns.items():
            if table not in _SOURCES:
                known = ", ".join(_SOURCES)
                raise UsageError(
                    f"policy: purposes.{purpose}.columns names the unknown table {table!r}: known: {known}"
                )
            if columns and _stored(table) in contracts:
                yield purpose, table


def _stored(table: str) -> str:
    return _SOURCES[table].stored or f"accepted_{table}"


def _key_column(name: str, unit: str, purpose: str) -> Column:
    return Column(
        name=name,
        data_type="varchar",
        description=f"Pseudonym of the {unit}, for {purpose} alone",
        meta=_ColumnMeta(privacy=PrivacyClass.pseudonym),
        data_tests=("not_null", {"regex": {"pattern": "^[0-9a-f]{32}$"}}),
    )


def _seen(column: Column, how: Generalisation, minimisation: MinimisationPolicy, where: str) -> Column:
    if column.privacy in _IDENTIFIERS:
        raise UsageError(f"{where}: an identifier; purposes see viewer_key and account_key in its place")
    return generalised(column, how, minimisation, where)


def _select(policy: Policy, purpose: str, table: str) -> str:
    source, rules = _SOURCES[table], policy.purposes[purpose]
    seen = rules.columns[table]
    columns = ["a.viewer_key", "a.account_key", *(value(n, how, policy.minimisation) for n, how in seen.items())]
    joins, where = [], []
    if source.time is None:
        # A row about a person has no time of its own: it is seen while the person's consent stands at the as-of time.
        joins.append(_on("join allowed as a", "a", "e", "account_id", "profile_id"))
        where += ["a.device_id = ''", "a.valid_from <= $as_of", "a.valid_until > $as_of"]
    else:
        columns.append("e.arrival_day")
        device = "''"
        if source.device is not None:
            device = "coalesce(d.device_id, '')"
            joins.append(_on("left join own_devices as d", "d", "e", "account_id", "profile_id", source.device))
        joins.append(
            _on("join allowed as a", "a", "e", "account_id", "profile_id")
            + f" and a.device_id = {device} and e.{source.time} >= a.valid_from and e.{source.time} < a.valid_until"
        )
        where.append(f"e.{source.time} >= $as_of - interval '{rules.window_of(table)}' day")
    joins += joined(seen)
    # An outer join and a test for null say the same, at twice the cost.
    if source.session is not None and purpose in policy.subjects.private_sessions_denied_for:
        where.append("not e.private_session")
        where.append(
            f"""not exists (
        select 1
        from private_sessions as p
        where p.account_id = e.account_id and p.session_id = e.{source.session} and e.{source.time} >= p.private_from
    )"""
        )
    if source.title is not None and purpose in policy.subjects.hidden_titles_denied_for:
        where.append(
            f"""not exists (
        select 1
        from hidden_titles as h
        where h.account_id = e.account_id and h.profile_id = e.profile_id and h.title_id = e.{source.title}
    )"""
        )
    return _TEMPLATE.format(
        purpose=purpose,
        stored=_stored(table),
        named=with_named(seen),
        columns=",\n    ".join(columns),
        joins="\n".join(joins),
        where="\n    and ".join(where),
    )


def _on(join: str, left: str, right: str, *columns: str) -> str:
    return f"{join}\n    on " + " and ".join(f"{left}.{column} = {right}.{column}" for column in columns)


_TEMPLATE = """\
with allowed as (
    select t.account_id, t.profile_id, t.device_id, t.valid_from, t.valid_until, k.viewer_key, k.account_key
    from consent_timeline as t
    join consent_verdicts as v
        on v.verdict_no = t.verdict_no
    join purpose_keys as k
        on k.account_id = t.account_id and k.profile_id = t.profile_id
    where
        v.purpose = '{purpose}'
        and v.subject_reason = ''
        and v.viewer_reason = ''
        and v.state_reason = ''
        and v.form_reason = ''
),

own_devices as (
    select distinct t.account_id, t.profile_id, t.device_id
    from consent_timeline as t
    where t.device_id <> ''
){named}

select
    {columns}
from {stored} as e
{joins}
where {where}
"""
