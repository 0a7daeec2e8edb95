"""Where things are: landing zone, home, engine, databases. Read from MEDIA_PRIVACY_* or given by the caller."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from .audit_policy import AuditSize

ELSEWHERE = ("consent_ledger_url", "budget_ledger_url", "lake_url", "published_url", "iceberg_url")
"""Settings of what a home may keep outside of itself: a home that is made for a test must not share them."""

PROJECT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Every path and connection of one installation. Frozen; build a new one to change it.

    Each field is read from the environment variable MEDIA_PRIVACY_<FIELD> unless it is passed.
    """

    model_config = SettingsConfigDict(env_prefix="MEDIA_PRIVACY_", frozen=True, extra="forbid")

    landing: Path = PROJECT / "data" / "landing"
    """The landing zone: read, never written."""
    home: Path = PROJECT / "home"
    """Everything that the pipeline makes, its keys excepted."""
    keys: Path | None = None
    """The key file; beside the home, never in it, where nothing is given."""
    policy: Path | None = None
    """The policy file; the packaged policy.yaml where nothing is given."""
    sql: Path = PROJECT / "dbt_like_sql"
    """The transformations and contracts."""
    engine: Literal["duckdb", "spark"] = "duckdb"
    """What runs the SQL."""
    memory_limit: str = "3GB"
    """DuckDB's memory limit; it spills to HOME/work past it."""
    threads: int = 2
    """DuckDB threads, Spark local cores and BLAS threads."""
    spark_master: str = "local[2]"
    """Spark's master URL: local[N], spark://HOST:PORT, yarn, k8s://URL, or sc://HOST:PORT of a Spark Connect server."""
    spark_properties: Path | None = None
    """File of Spark's own properties, secrets among them, mode 0600."""
    spark_token_file: Path | None = None
    """File with the token of a Spark Connect server, mode 0600."""
    spark_executor_memory: Annotated[str | None, Field(pattern=r"^\d+[mg]$")] = None
    """Heap of one Spark executor ("4g"); Spark's 1g where nothing is given."""
    spark_executor_cores: Annotated[int | None, Field(ge=1)] = None
    """Cores of one Spark executor; all of a worker's where nothing is given."""
    spark_partitions: Annotated[int | None, Field(ge=1)] = None
    """Pieces of a Spark shuffle before small ones are put together; 8 on one machine, 64 on a cluster."""
    spark_wait: Annotated[float, Field(gt=0)] = 60.0
    """How many seconds a Spark master or server may take to answer, and a query may wait for an executor."""
    consent_ledger_url: str | None = None
    """SQLAlchemy URL of the consent ledger; a SQLite file under the home where nothing is given."""
    budget_ledger_url: str | None = None
    """SQLAlchemy URL of the privacy budget ledger; a SQLite file under the home where nothing is given."""
    lake_url: str | None = None
    """The lake: a local folder, or s3://bucket/prefix; HOME/lake where nothing is given."""
    published_url: str | None = None
    """The releases: a local folder, or s3://bucket/prefix; HOME/published where nothing is given."""
    cache_limit: str = "20GB"
    """How much of a lake in an object store may lie in HOME/work at once."""
    iceberg_url: str | None = None
    """An Iceberg catalogue that releases are registered in: its SQLAlchemy URL, or http(s):// of a REST catalogue."""
    first_day: date | None = None
    """The first arrival day that Dagster shows; the earliest day of the landing zone where nothing is given."""
    last_day: date | None = None
    """The last arrival day that Dagster shows and waits for; yesterday where nothing is given."""
    search_language: str = "english"
    """The language whose stems the search index goes by: one of Snowball's."""
    lock_wait: Annotated[float, Field(ge=0)] = 600.0
    """How many seconds a run waits for another run on the same home."""
    audit_size: AuditSize | None = None
    """At which size a night audits itself; as the policy says where nothing is given."""
    real_data: Path | None = None
    """A folder with MovieLens and Globo, for the tests that need them."""

    @property
    def key_file(self) -> Path:
        """The key file in force: HOME.keys, a sibling of the home, unless one is given."""
        return self.keys if self.keys is not None else self.home.with_name(self.home.name + ".keys")

    @property
    def lake(self) -> Path:
        """Root of the Parquet folders; of their local copies where the lake is in an object store."""
        if self.lake_url is None:
            return self.home / "lake"
        return self.work / "lake" if "://" in self.lake_url else Path(self.lake_url)

    @property
    def work(self) -> Path:
        """Scratch space: emptied at the start of every run."""
        return self.home / "work"

    @property
    def quarantine(self) -> Path:
        """Encrypted rows and the names of files that the door refused."""
        return self.home / "quarantine"

    @property
    def published(self) -> Path:
        """What other teams read, where it stands in a folder."""
        inside = self.published_url is None or "://" in self.published_url
        return self.home / "published" if inside else Path(str(self.published_url))

    @property
    def models(self) -> Path:
        """Trained models; restricted."""
        return self.home / "models"

    @property
    def reports(self) -> Path:
        """Release reports and Data Docs."""
        return self.home / "reports"

    @property
    def vault(self) -> Path:
        """The subjects' own keys, wrapped: without them the consent ledger names nobody."""
        return self.home / "vault"

    @property
    def odometers(self) -> Path:
        """What accounts owe on their allowances; sealed."""
        return self.vault / "odometers"

    @property
    def erasures(self) -> Path:
        """Journals of erasures that are under way."""
        return self.home / "erasures"

    @property
    def receipts(self) -> Path:
        """Signed receipts of what was erased; no id is in them."""
        return self.home / "receipts"

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance folder."""
        return self.home / "dagster"

    @property
    def consent_ledger(self) -> str:
        """SQLAlchemy URL of the consent ledger in force."""
        return self.consent_ledger_url or f"sqlite:///{self.home / 'ledger' / 'consent.sqlite'}"

    @property
    def budget_ledger(self) -> str:
        """SQLAlchemy URL of the privacy budget ledger in force."""
        return self.budget_ledger_url or f"sqlite:///{self.home / 'ledger' / 'privacy.sqlite'}"
