"""Releases in an Iceberg catalogue: the open tables' files as they are, each release a tag.

    published.<table>      one Iceberg table an open table; its files are those of the releases, none is copied
    tag <release_id>       the snapshot that is the table in that release

Iceberg commits a table at a time: whoever wants tables that go together reads CURRENT and then each table at its tag.
A tag stays as long as restricted files of its release would: then it goes, and snapshots without a tag with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..engines.types import arrow_schema
from ..errors import PipelineError, Refused, UsageError
from ..policy import Policy
from ..sql import Access
from .manifest import Manifest, TableEntry
from .shelf import Shelf

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

NAMESPACE = "published"
_NAME = "media_privacy"
"""The name in PyIceberg's own configuration: PYICEBERG_CATALOG__MEDIA_PRIVACY__TOKEN is a REST catalogue's token."""


def open_catalogue(url: str, shelf: Shelf) -> Catalog:
    """The catalogue at a URL: SQLAlchemy's (sqlite:///...), or http(s):// of a REST catalogue.

    What it writes itself goes to `_iceberg` beside the releases. Raises UsageError where `[iceberg]` is not installed
    or PyIceberg does not know the URL.
    """
    try:
        from pyiceberg.catalog import load_catalog
    except ImportError:
        raise UsageError("pip install 'media-privacy-pipeline[iceberg]'") from None
    properties = {"uri": url, "warehouse": f"{shelf.where}/_iceberg"}
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint is not None:
        # pyarrow, which PyIceberg reads and writes with, finds credentials in the environment, and not the endpoint.
        properties["s3.endpoint"] = endpoint
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if region is not None:
        properties["s3.region"] = region
    kind = "rest" if url.startswith(("http://", "https://")) else "sql"
    with _told():
        return load_catalog(_NAME, type=kind, **properties)


def register(catalogue: Catalog, shelf: Shelf, policy: Policy) -> tuple[int, int]:
    """Make the catalogue agree with the releases: the current one is tagged, and those that are past are dropped.

    Doing it again finds nothing to do. Returns how many tables were tagged, and how many tags were dropped.
    """
    current = shelf.pointer().release_id
    if current is None:
        return 0, 0
    manifest = shelf.manifest(current)
    tagged = 0
    with _told():
        catalogue.create_namespace_if_not_exists(NAMESPACE)
        for name, entry in sorted(manifest.tables.items()):
            if entry.access is Access.open and entry.files:
                tagged += _tag(_table(catalogue, name, entry), manifest, entry, shelf)
        return tagged, _drop(catalogue, _kept(shelf, manifest, policy))


def files(catalogue: Catalog, table: str, release_id: str) -> list[str]:
    """The Parquet files of a table at a release's tag, from Iceberg's own scan plan: for engines without Iceberg.

    Raises UsageError where the release is not in the catalogue.
    """
    from pyiceberg.exceptions import NoSuchTableError

    try:
        with _told():
            loaded = catalogue.load_table((NAMESPACE, table))
    except NoSuchTableError:
        raise UsageError(f"{table}: no such table in the catalogue") from None
    snapshot = loaded.snapshot_by_name(release_id)
    if snapshot is None:
        raise UsageError(f"{release_id}: not in the catalogue, or retired")
    with _told():
        return sorted(task.file.file_path for task in loaded.scan(snapshot_id=snapshot.snapshot_id).plan_files())


def _table(catalogue: Catalog, name: str, entry: TableEntry) -> Table:
    schema = arrow_schema({column.name: column.type for column in entry.columns})
    table = catalogue.create_table_if_not_exists((NAMESPACE, name), schema)
    if table.schema().column_names != schema.names:
        with table.update_schema() as update:
            update.union_by_name(schema)
    return table


def _tag(table: Table, manifest: Manifest, entry: TableEntry, shelf: Shelf) -> int:
    """Make the table's files those of a release, in one commit, and tag it."""
    if manifest.release_id in table.refs():
        return 0
    wanted = {f"{shelf.where}/{file.path}" for file in entry.files}
    there = {each.file.file_path: each.file for each in table.scan().plan_files()} if table.current_snapshot() else {}
    gone, new = [there[path] for path in there.keys() - wanted], sorted(wanted - there.keys())
    told = {"media-privacy.release-id": manifest.release_id}
    if gone:
        with table.transaction() as change, change.update_snapshot(snapshot_properties=told).overwrite() as overwrite:
            for file in gone:
                overwrite.delete_data_file(file)
            for file in _described(table, new):
                overwrite.append_data_file(file)
    elif new:
        # What is there already was left out above.
        table.add_files(new, snapshot_properties=told, check_duplicate_files=False)
    snapshot = table.current_snapshot()
    if snapshot is None:
        return 0
    table.manage_snapshots().create_tag(snapshot.snapshot_id, manifest.release_id).commit()
    return 1


def _described(table: Table, paths: Iterable[str]) -> Iterator[Any]:
    from pyiceberg.io.pyarrow import parquet_files_to_data_files

    return parquet_files_to_data_files(io=table.io, table_metadata=table.metadata, file_paths=iter(paths))


def _kept(shelf: Shelf, current: Manifest, policy: Policy) -> set[str]:
    """Releases whose tag stays: the current one, and those that were superseded less than the policy's days ago."""
    after = timedelta(days=policy.published.retire_after_days)
    releases = [shelf.manifest(release_id) for release_id in shelf.releases()]
    kept = {current.release_id}
    for release in releases:
        later = min((each.as_of for each in releases if each.as_of > release.as_of), default=current.as_of)
        if current.as_of - later < after:
            kept.add(release.release_id)
    return kept


def _drop(catalogue: Catalog, kept: set[str]) -> int:
    """Drop the tags of other releases in every table, then the snapshots that no tag holds."""
    dropped = 0
    for identifier in catalogue.list_tables(NAMESPACE):
        table = catalogue.load_table(identifier)
        past = [name for name, ref in table.refs().items() if ref.snapshot_ref_type == "tag" and name not in kept]
        for name in past:
            table.manage_snapshots().remove_tag(name).commit()
        held = {ref.snapshot_id for ref in table.refs().values()}
        loose = [each.snapshot_id for each in table.snapshots() if each.snapshot_id not in held]
        if loose:
            table.maintenance.expire_snapshots().by_ids(loose).commit()
        dropped += len(past)
    return dropped


@contextmanager
def _told() -> Iterator[None]:
    """A block that talks to the catalogue; its errors become Refused without their text, which may quote a password."""
    from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (PipelineError, NoSuchTableError):
        raise
    except CommitFailedException:
        raise Refused("the Iceberg catalogue was changed by somebody else meanwhile: run again") from None
    except (OSError, SQLAlchemyError, ValueError, RuntimeError) as error:
        raise Refused(
            f"the Iceberg catalogue failed with {type(error).__name__}: look at MEDIA_PRIVACY_ICEBERG_URL; the release "
            f"itself is out, and `media-privacy catalogue` registers it when the catalogue answers again"
        ) from (error if os.environ.get("MEDIA_PRIVACY_DEBUG") else None)
