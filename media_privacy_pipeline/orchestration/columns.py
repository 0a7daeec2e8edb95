"""What Dagster shows of a table's columns: types, meaning, privacy classes, and where each column comes from."""

from __future__ import annotations

from typing import Any

import dagster as dg

from ..settings import Settings
from ..sql import Contract, Project
from ..stores import is_url


def definition_metadata(table: str, project: Project, settings: Settings) -> dict[str, Any]:
    """Metadata that is known before anything runs: schema, lineage, name and place."""
    contract = project.contracts.get(table)
    stored = settings.lake_url is not None and is_url(settings.lake_url)
    place = f"{settings.lake_url}/{table}" if stored else (settings.lake / table).absolute().as_uri()
    metadata: dict[str, Any] = {"dagster/uri": dg.MetadataValue.url(place)}
    if contract is not None:
        metadata["dagster/table_name"] = f"lake.{table}"
        metadata["dagster/column_schema"] = schema(contract, project)
        metadata["access"] = contract.meta.access.value
        if contract.meta.protected_by is not None:
            metadata["protected_by"] = contract.meta.protected_by.value
        if contract.meta.grain:
            metadata["grain"] = ", ".join(contract.meta.grain)
    if table in project.models:
        metadata["dagster/column_lineage"] = column_lineage(table, project)
    return metadata


def schema(contract: Contract, project: Project) -> dg.TableSchema:
    """Columns with their DuckDB type, meaning, and privacy class as a tag: declared, or what lineage says."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.data_type,
                description=column.description,
                constraints=dg.TableColumnConstraints(
                    nullable="not_null" not in column.data_tests, unique="unique" in column.data_tests
                ),
                tags={"privacy": project.privacy_class(contract.name, column.name).value},
            )
            for column in contract.columns
        ]
    )


def column_lineage(table: str, project: Project) -> dg.TableColumnLineage:
    """What each column of a model is computed from; by what its rows are chosen is not shown, only proved."""
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key=ref.table, column_name=ref.column) for ref in sorted(refs)]
            for column, refs in project.parents(table).columns.items()
        }
    )
