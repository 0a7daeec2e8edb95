"""One prefix of an S3 bucket: whole objects, conditional puts, listings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from ..errors import Refused, UsageError
from .failures import told

_SCHEME = "s3://"
_DELETED_AT_ONCE = 1000
_LARGE = 256 * 2**20
_AT_ONCE = 8
_MISSING = {"404", "NoSuchKey", "NotFound"}
_CONFLICT = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


class Conflict(Refused):
    """An object is not what it was when it was read last, or is there already: somebody else wrote it."""


class Stored(NamedTuple):
    """An object's bytes, and the version (ETag) that a conditional put can name."""

    content: bytes
    version: str


class Item(NamedTuple):
    """One object of a listing: its name under the prefix, size, version and time of writing."""

    name: str
    bytes: int
    version: str
    modified: datetime


def is_url(place: str | Path) -> bool:
    """Whether a place is in an object store. Raises UsageError for a scheme that is not served."""
    scheme, found, _ = str(place).partition("://")
    if not found:
        return False
    if scheme != "s3":
        raise UsageError(f"{scheme}://: there are local folders and s3://bucket/prefix")
    return True


@dataclass(frozen=True)
class Bucket:
    """`s3://bucket/prefix`, opened with what the AWS_* environment says; names are relative to the prefix.

    Every method raises Refused where the store fails, naming what was done; `then` is what holds all the same.
    """

    address: str
    then: str = ""

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return self.address.rstrip("/")

    def read(self, name: str) -> Stored | None:
        """An object; None where there is none."""
        with self._told(f"read {name}"):
            try:
                answer = self.client.get_object(Bucket=self._bucket, Key=self._key(name))
                return Stored(answer["Body"].read(), answer["ETag"])
            except self.client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] in _MISSING:
                    return None
                raise

    def put(self, name: str, content: bytes, *, seen: str | None) -> str:
        """Write an object if it still is the version `seen` (None: if there is none); its new version.

        Raises Conflict otherwise. A put that is repeated since its answer was lost finds its own bytes: no conflict.
        """
        condition = {"IfNoneMatch": "*"} if seen is None else {"IfMatch": seen}
        with self._told(f"write {name}"):
            try:
                answer = self.client.put_object(Bucket=self._bucket, Key=self._key(name), Body=content, **condition)
                return str(answer["ETag"])
            except self.client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] not in _CONFLICT | _MISSING:
                    raise
        now = self.read(name)
        if now is not None and now.content == content and now.version != seen:
            return now.version
        raise Conflict(f"{self.url}/{name}: somebody else wrote it in the meantime" + self._so)

    def write(self, name: str, content: bytes) -> None:
        """Write an object, whatever is there."""
        with self._told(f"write {name}"):
            self.client.put_object(Bucket=self._bucket, Key=self._key(name), Body=content)

    def upload(self, file: Path, name: str, *, about: Mapping[str, str] | None = None, over: bool = True) -> None:
        """Write a file as an object; with `over=False` only where there is none: raises Conflict otherwise."""
        extra: dict[str, Any] = {"Metadata": dict(about or {})}
        with self._told(f"write {name}"):
            if file.stat().st_size >= _LARGE:
                if not over and self.about(name) is not None:
                    raise Conflict(f"{self.url}/{name}: it is there already" + self._so)
                self.client.upload_file(str(file), self._bucket, self._key(name), ExtraArgs=extra)
                return
            if not over:
                extra["IfNoneMatch"] = "*"
            try:
                with file.open("rb") as stream:
                    self.client.put_object(Bucket=self._bucket, Key=self._key(name), Body=stream, **extra)
            except self.client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] in _CONFLICT:
                    raise Conflict(f"{self.url}/{name}: it is there already" + self._so) from None
                raise

    def upload_all(self, files: Mapping[str, Path]) -> None:
        """Write files as objects by name, several at a time; names must be nobody else's."""
        _each(lambda item: self.upload(item[1], item[0]), files.items())

    def download(self, name: str, target: Path) -> bool:
        """Copy an object to a file, whole or not at all; whether there was one."""
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_name(f".{target.name}.{uuid4().hex[:8]}")
        try:
            with self._told(f"read {name}"):
                try:
                    self.client.download_file(self._bucket, self._key(name), str(half))
                except self.client.exceptions.ClientError as error:
                    if error.response["Error"]["Code"] in _MISSING:
                        return False
                    raise
            half.replace(target)
        finally:
            half.unlink(missing_ok=True)
        return True

    def download_all(self, files: Mapping[str, Path], *, missing_ok: bool = False) -> None:
        """Copy objects to files, several at a time. Raises Refused where one is missing, unless that may be."""

        def one(item: tuple[str, Path]) -> None:
            if not self.download(*item) and not missing_ok:
                raise Refused(f"{self.url}/{item[0]}: it is gone" + self._so)

        _each(one, files.items())

    def about(self, name: str) -> Mapping[str, str] | None:
        """What was noted of an object when it was written; None where there is none."""
        with self._told(f"look at {name}"):
            try:
                answer = self.client.head_object(Bucket=self._bucket, Key=self._key(name))
                return dict(answer.get("Metadata", {}))
            except self.client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] in _MISSING:
                    return None
                raise

    def items(self, under: str = "") -> Iterator[Item]:
        """Objects whose names begin with `under`, in order of their names."""
        with self._told(f"list {under or 'it'}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._key(under) if under else self._prefix
            )
            for page in pages:
                for each in page.get("Contents", ()):
                    name = each["Key"].removeprefix(self._prefix)
                    yield Item(name, each["Size"], each["ETag"], each["LastModified"])

    def folders(self) -> list[str]:
        """First parts of the names of all objects, in order."""
        with self._told("list it"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
            )
            found = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", ())]
        return sorted(each.removeprefix(self._prefix).rstrip("/") for each in found)

    def remove(self, names: Iterable[str]) -> None:
        """Delete objects; those that are gone are no error."""
        gone = sorted(names)
        for at in range(0, len(gone), _DELETED_AT_ONCE):
            some = gone[at : at + _DELETED_AT_ONCE]
            with told(self.url, f"delete {len(some)} objects"):
                wanted = {"Objects": [{"Key": self._key(name)} for name in some], "Quiet": True}
                answer = self.client.delete_objects(Bucket=self._bucket, Delete=wanted)
            if answer.get("Errors"):
                code = answer["Errors"][0].get("Code", "?")
                raise Refused(f"{self.url}: {len(answer['Errors'])} objects could not be deleted: {code}")

    def keeps_versions(self) -> bool:
        """Whether what is deleted stays in the bucket as an older version. Suspended versioning keeps the old ones."""
        with self._told("ask whether it keeps versions (s3:GetBucketVersioning)"):
            answer = self.client.get_bucket_versioning(Bucket=self._bucket)
        return answer.get("Status") in ("Enabled", "Suspended")

    def refuse_versions(self) -> None:
        """Raises Refused for a bucket in which what is erased would stay."""
        if self.keeps_versions():
            raise Refused(
                f"{self.url}: this bucket keeps older versions of what is deleted, so that erasure and retention would "
                f"not delete anything: use a bucket in which versioning was never switched on (docs/stores.md)"
            )

    @cached_property
    def client(self) -> Any:
        """boto3's client."""
        with self._told("open it"):
            return _client(frozenset((name, value) for name, value in os.environ.items() if name.startswith("AWS_")))

    @cached_property
    def filesystem(self) -> Any:
        """pyarrow's file system whose root is the bucket: it reads the columns that are asked for and no others."""
        from pyarrow.fs import S3FileSystem

        with self._told("open it"):
            # pyarrow reads credentials from the environment, and not the endpoint.
            endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
            return S3FileSystem(endpoint_override=endpoint, region=self.client.meta.region_name)

    @contextmanager
    def reading(self, name: str) -> Iterator[Any]:
        """A block with an object as pyarrow's random access file."""
        with self._told(f"read {name}"), self.filesystem.open_input_file(self.path(name)) as source:
            yield source

    def dataset(self, names: Iterable[str], schema: Any) -> Any:
        """Parquet objects of one schema as pyarrow's dataset."""
        import pyarrow.dataset as ds

        with self._told("read it"):
            paths = [self.path(name) for name in names]
            return ds.dataset(paths, schema=schema, format="parquet", filesystem=self.filesystem)

    def path(self, name: str) -> str:
        """An object as `filesystem` names it."""
        return f"{self._bucket}/{self._key(name)}"

    @property
    def _bucket(self) -> str:
        bucket = self.url.removeprefix(_SCHEME).partition("/")[0]
        if not self.url.startswith(_SCHEME) or not bucket:
            raise UsageError(f"{self.address}: not an address of the form s3://bucket/prefix")
        return bucket

    @property
    def _prefix(self) -> str:
        prefix = self.url.removeprefix(_SCHEME).partition("/")[2]
        return f"{prefix}/" if prefix else ""

    def _key(self, name: str) -> str:
        return self._prefix + name

    @property
    def _so(self) -> str:
        return f"; {self.then}" if self.then else ""

    def _told(self, doing: str) -> Any:
        return told(self.url, doing, self.then)


@lru_cache(maxsize=2)
def _client(environment: frozenset[tuple[str, str]]) -> Any:
    """One client a process, as long as the environment that it was made from stays: it takes half a second to make."""
    import boto3
    from botocore.config import Config

    return boto3.Session().client("s3", config=Config(connect_timeout=10, max_pool_connections=2 * _AT_ONCE))


def _each(do: Any, items: Iterable[Any]) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(do, items):
            pass
