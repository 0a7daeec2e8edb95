"""The models of dbt_like_sql as one project: parsed, resolved, traced, proved private, rendered for an engine."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from pathlib import Path

from sqlglot import exp

from ..errors import UsageError
from ..policy import Policy
from .collected import check_collected
from .contracts import Contract, PrivacyClass, load_contracts
from .exact import exact_contracts
from .lineage import ColumnRef, Lineage, close
from .minimised import check_minimised
from .model import Model, Parameter, bind
from .permitted import permitted_contracts, permitted_models
from .privacy import Graph, check_privacy
from .qualify import Catalogue, check_contract, contract_types, output, word
from .rules import check_rules
from .screened import screened_models
from .trace import trace

__all__ = ["Model", "Parameter", "Project", "load_project"]

_LAYERS = ("staging", "intermediate", "marts")

_TEXTS_KEPT = 500
_PROJECTS_KEPT = 4
_PROVED: dict[str, Project] = {}


@dataclass(frozen=True)
class Project:
    """All contracts and models of one folder under one policy."""

    contracts: Mapping[str, Contract]
    models: Mapping[str, Model]
    policy: Policy

    def sources(self, name: str) -> frozenset[str]:
        """The stored tables that a model reads once its views are inlined."""
        found: set[str] = set()
        for table in self.models[name].inputs:
            found |= self.sources(table) if self.is_view(table) else {table}
        return frozenset(found)

    def is_view(self, table: str) -> bool:
        """Whether a table is a model that is inlined rather than stored."""
        return table in self.models and table not in self.contracts

    def schema(self, name: str) -> dict[str, str]:
        """DuckDB type of each column of a table or view, in order. Raises UsageError for an unknown table."""
        if name in self.contracts:
            return self.contracts[name].types
        if name not in self.models:
            raise UsageError(f"{name}: no such table: add its contract or its model")
        return {column: word(kind) for column, kind in self._resolved[0].columns(name).items()}

    def lineage(self, name: str) -> Lineage:
        """A model's lineage down to the tables that no model makes: what steps written in Python store."""
        return self._closed[name]

    def parents(self, name: str) -> Lineage:
        """A model's lineage down to the stored tables that it reads, its views followed."""
        views = {view: self.parents(view) for view in self.models[name].inputs if self.is_view(view)}
        return close(self._resolved[1][name], views)

    def privacy_class(self, table: str, column: str) -> PrivacyClass:
        """The class that a column's contract declares, or else the most protected of what it is computed from."""
        return self.graph.privacy_class(ColumnRef(table, column))

    @cached_property
    def graph(self) -> Graph:
        """Every table's contract and every model's lineage, as the privacy proof walks them."""
        return Graph(self.contracts, self._resolved[1])

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Model names, inputs before what reads them, the same in every process. Raises UsageError for models that read
        each other in a circle."""
        graph = {name: sorted(model.inputs & self.models.keys()) for name, model in sorted(self.models.items())}
        try:
            return tuple(TopologicalSorter(graph).static_order())
        except CycleError as error:
            raise UsageError(f"models that read each other in a circle: {' -> '.join(error.args[1])}") from None

    def render(self, name: str, parameters: Mapping[str, Parameter] | None = None) -> str:
        """DuckDB text of a model: views inlined as CTEs, each `$name` bound as a literal.

        Raises UsageError for a parameter that is not given.
        """
        asked = (name, tuple(sorted((parameters or {}).items())))
        if asked not in self._rendered:
            # A night asks for some texts once for each of its days; as-of times make others that are asked for once.
            if len(self._rendered) >= _TEXTS_KEPT:
                self._rendered.clear()
            self._rendered[asked] = self._text(name, parameters or {})
        return self._rendered[asked]

    @cached_property
    def _rendered(self) -> dict[tuple[str, tuple[tuple[str, Parameter], ...]], str]:
        return {}

    def _text(self, name: str, parameters: Mapping[str, Parameter]) -> str:
        tree = self.models[name].tree.copy()
        views = self._views_of(name)
        if views:
            own = tree.args.get("with_")
            ctes = [_as_cte(self.models[view]) for view in views]
            tree.set("with_", exp.With(expressions=[*ctes, *(own.expressions if own else ())]))
        return bind(tree, parameters, name).sql(dialect="duckdb")

    def parameters(self, name: str) -> frozenset[str]:
        """Names of the parameters that `render` needs, those of inlined views included."""
        return self.models[name].parameters.union(*(self.models[view].parameters for view in self._views_of(name)))

    def _views_of(self, name: str) -> list[str]:
        """Views under a model, each after those that it reads."""
        wanted: set[str] = set()
        stack = [name]
        while stack:
            views = {table for table in self.models[stack.pop()].inputs if self.is_view(table)}
            stack += views - wanted
            wanted |= views
        return [model for model in self.order if model in wanted]

    @cached_property
    def _resolved(self) -> tuple[Catalogue, dict[str, Lineage]]:
        """Columns of all tables and views, and each model's lineage down to what its text names."""
        catalogue = Catalogue({name: contract_types(contract) for name, contract in self.contracts.items()})
        direct: dict[str, Lineage] = {}
        for name in self.order:
            model = self.models[name]
            for table in sorted(model.inputs):
                if table not in catalogue:
                    raise UsageError(f"{model.path}: reads the unknown table {table}: add its contract or its model")
            tree = catalogue.qualify(model)
            check_rules(model, tree)
            found = output(model, tree)
            if name in self.contracts:
                check_contract(model, found, self.contracts[name])
            else:
                catalogue.add(name, found)
            direct[name] = trace(tree, catalogue, str(model.path))
        return catalogue, direct

    @cached_property
    def _closed(self) -> dict[str, Lineage]:
        closed: dict[str, Lineage] = {}
        for name in self.order:
            closed[name] = close(self._resolved[1][name], closed)
        return closed


def _as_cte(view: Model) -> exp.CTE:
    """A view as a CTE, its own CTEs renamed: Spark's text has all of them on one level, where names must differ."""
    tree = view.tree.copy()
    names = {cte.alias: f"{view.name}__{cte.alias}" for cte in tree.find_all(exp.CTE)}
    for cte in tree.find_all(exp.CTE):
        cte.set("alias", exp.TableAlias(this=exp.to_identifier(names[cte.alias])))
    for table in tree.find_all(exp.Table):
        if table.name in names:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            table.set("this", exp.to_identifier(names[table.name]))
    return exp.CTE(this=tree, alias=exp.TableAlias(this=exp.to_identifier(view.name)))


def load_project(root: Path, policy: Policy) -> Project:
    """Read contracts and models, resolve every column and prove the open tables private.

    The same files under the same policy are proved once a process: it takes over a second, and the definitions, a
    night's session and its checks ask for it alike. Raises UsageError that names the file and the rule for whatever is
    wrong.
    """
    key = _identity(root, policy)
    if key not in _PROVED:
        while len(_PROVED) >= _PROJECTS_KEPT:
            del _PROVED[next(iter(_PROVED))]
        _PROVED[key] = _proved(root, policy)
    return _PROVED[key]


def _identity(root: Path, policy: Policy) -> str:
    """Digest of all that a project is made of."""
    folders = ("contracts", *_LAYERS)
    files = [path for folder in folders for path in sorted((root / folder).glob("*")) if path.is_file()]
    texts = [(str(path), sha256(path.read_bytes()).hexdigest()) for path in files]
    return sha256(repr((str(root), texts, policy.model_dump_json())).encode()).hexdigest()


def _proved(root: Path, policy: Policy) -> Project:
    contracts = load_contracts(root / "contracts")
    models: dict[str, Model] = {}
    for layer in _LAYERS:
        for path in sorted((root / layer).glob("*.sql")):
            if path.stem in models:
                raise UsageError(f"{path}: there is another model of this name at {models[path.stem].path}")
            models[path.stem] = Model(path.stem, path, path.read_text())
    check_collected(contracts, policy)
    for name, text in {**screened_models(policy, contracts), **permitted_models(policy, contracts)}.items():
        models[name] = Model(name, Path("policy") / name, text)
    permitted = permitted_contracts(policy, contracts)
    contracts = _without_unseen({**contracts, **permitted}, models)
    contracts = {**contracts, **exact_contracts(policy, contracts)}
    project = Project(contracts, models, policy)
    with _no_collection():
        check_privacy(project.graph, policy.purposes.keys())
        check_minimised(project.graph, permitted.keys())
    return project


def _without_unseen(contracts: Mapping[str, Contract], models: dict[str, Model]) -> dict[str, Contract]:
    """The contracts without the optional ones whose rows the policy shows to nobody; their models are taken out."""
    unseen: set[str] = set()
    for name, contract in contracts.items():
        origins = models[name].inputs if name in models else {each.split(".")[0] for each in contract.meta.made_from}
        if contract.meta.optional and (
            unseen & origins or any(o not in contracts and o not in models for o in origins)
        ):
            unseen.add(name)
            models.pop(name, None)
    return {name: contract for name, contract in contracts.items() if name not in unseen}


@contextmanager
def _no_collection() -> Iterator[None]:
    """Trees are a million small objects that all stay: looking through them for garbage takes a third of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
