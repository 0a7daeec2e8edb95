"""The people, none of them real: households, their profiles and devices, what they like and how much they watch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .ids import hexadecimal, mixed
from .tastes import CLUSTERS, KIDS_CLUSTER

ACCOUNT_COLUMNS = pa.schema(
    [
        ("account_id", pa.string()),
        ("profile_id", pa.string()),
        ("birth_year", pa.int32()),
        ("is_kid", pa.bool_()),
        ("gender", pa.string()),
        ("country", pa.string()),
        ("region", pa.string()),
        ("plan", pa.string()),
        ("signup_at", pa.timestamp("ms", tz="UTC")),
        ("email", pa.string()),
        ("name", pa.string()),
    ]
)
# Country, regions, offset of its clocks from UTC in the sample's autumn (hours), share of households.
PLACES = (
    ("DE", ("DE-BE", "DE-BY", "DE-NW"), 2, 0.3),
    ("US", ("US-CA", "US-NY", "US-TX"), -5, 0.25),
    ("FR", ("FR-IDF", "FR-ARA"), 2, 0.15),
    ("BR", ("BR-SP", "BR-RJ"), -3, 0.15),
    ("GB", ("GB-ENG", "GB-SCT"), 1, 0.1),
    ("JP", ("JP-13", "JP-27"), 9, 0.05),
)
DEVICES = (
    ("tv", "tizen"), ("mobile", "android"), ("mobile", "ios"), ("tablet", "ipados"), ("web", "linux"),
    ("web", "windows"), ("console", "orbis"),
)  # fmt: skip
_DEVICE_SHARE = (0.34, 0.2, 0.12, 0.1, 0.06, 0.12, 0.06)
_GIVEN = ("Ada", "Bo", "Cleo", "Dario", "Edda", "Femi", "Gita", "Hugo", "Ines", "Jun", "Kofi", "Lena", "Milo", "Noor")
_FAMILY = ("Acker", "Brandt", "Costa", "Dubois", "Eriksen", "Fontaine", "Grau", "Hansen", "Ito", "Keller", "Lopes")
_SIGNED_UP_WITHIN = 0.04
_HEAVY_SHARE = 0.01
_HEAVY_FACTOR = 12.0
_SALT_ACCOUNTS = 7_000_003


@dataclass(frozen=True)
class Population:
    """Viewers (profiles) as columns of equal length, households likewise; a viewer knows its household's number."""

    account_ids: pa.Array
    place: npt.NDArray[np.int8]  # of each household, into PLACES
    region: npt.NDArray[np.int8]
    signup_day: npt.NDArray[np.int32]  # days after the first; negative: before it
    signup_second: npt.NDArray[np.int32]
    devices: npt.NDArray[np.int8]  # households by three, into DEVICES
    household: npt.NDArray[np.int32]  # of each viewer
    profile_ids: pa.DictionaryArray
    is_kid: npt.NDArray[np.bool_]
    birth_year: npt.NDArray[np.int32]  # 0: not known
    gender: npt.NDArray[np.int8]
    cluster: npt.NDArray[np.int8]
    second_cluster: npt.NDArray[np.int8]
    rate: npt.NDArray[np.float64]  # mean plays a day, one on average
    first_day: date

    @property
    def households(self) -> int:
        """How many households there are."""
        return len(self.account_ids)

    def __len__(self) -> int:
        return len(self.household)

    def accounts(self) -> pa.Table:
        """The snapshot that the account system exports: a row per profile, in the order of sign-up."""
        home = self.household
        place = self.place[home]
        regions = [PLACES[p][1][r % len(PLACES[p][1])] for p, r in zip(self.place, self.region, strict=True)]
        start = datetime.combine(self.first_day, datetime.min.time(), tzinfo=UTC)
        signup = int(start.timestamp()) + self.signup_day.astype(np.int64) * 86_400 + self.signup_second
        viewers = np.arange(len(self))
        family = np.array(_FAMILY)[home % len(_FAMILY)]
        given = np.array(_GIVEN)[(viewers * 5 + home) % len(_GIVEN)]
        columns: dict[str, Any] = {
            "account_id": self.account_ids.take(pa.array(home)),
            "profile_id": self.profile_ids.cast(pa.string()),
            "birth_year": pa.array(self.birth_year, mask=self.birth_year == 0),
            "is_kid": self.is_kid,
            "gender": pa.array(["female", "male", "nonbinary", None]).take(pa.array(self.gender)),
            "country": pa.array([p[0] for p in PLACES]).take(pa.array(place)),
            "region": pa.array(regions).take(pa.array(home)),
            "plan": pa.array(["basic", "standard", "premium"]).take(pa.array(home % 3)),
            "signup_at": pa.array((signup * 1000)[home], pa.timestamp("ms", tz="UTC")),
            "email": [f"{g.lower()}.{f.lower()}.{h}@example.org" for g, f, h in zip(given, family, home, strict=True)],
            "name": [f"{g} {f}" for g, f in zip(given, family, strict=True)],
        }
        return pa.table(columns, schema=ACCOUNT_COLUMNS)

    def offsets(self) -> npt.NDArray[np.int64]:
        """Hours that each household's clocks are ahead of UTC."""
        return np.array([p[2] for p in PLACES])[self.place]


def make_population(rng: np.random.Generator, households: int, first_day: date, days: int) -> Population:
    """Households of one to five profiles. Rates are gamma-distributed with 1 % twelve times as heavy, mean one."""
    size = rng.choice([1, 2, 3, 4, 5], households, p=[0.4, 0.27, 0.18, 0.1, 0.05])
    home = np.repeat(np.arange(households, dtype=np.int32), size)
    position = np.arange(len(home)) - np.repeat(np.cumsum(size) - size, size)
    is_kid = rng.random(len(home)) < np.array([0.0, 0.15, 0.5, 0.5, 0.5])[position]
    year = first_day.year
    adult = year - 18 - rng.gamma(3.0, 10.0, len(home)).astype(np.int32).clip(0, 75)
    teen = ~is_kid & (position > 0) & (rng.random(len(home)) < 0.1)
    birth = np.where(is_kid, year - rng.integers(3, 13, len(home)), adult)
    birth = np.where(teen, year - rng.integers(13, 18, len(home)), birth)
    birth[rng.random(len(home)) < 0.05] = 0
    adults = np.flatnonzero([c != KIDS_CLUSTER for c in range(CLUSTERS)])
    first, second = rng.choice(adults, len(home)), rng.choice(adults, len(home))
    heavy = np.where(rng.random(len(home)) < _HEAVY_SHARE, _HEAVY_FACTOR, 1.0)
    rate = rng.gamma(0.8, 1.0, len(home)) * heavy
    new = rng.random(households) < _SIGNED_UP_WITHIN
    signup_day = np.where(new, rng.integers(0, days, households), -rng.integers(1, 1000, households))
    names = ["main", "p2", "p3", "p4", "p5"]
    return Population(
        account_ids=hexadecimal(mixed(np.arange(households), _SALT_ACCOUNTS), "a"),
        place=rng.choice(len(PLACES), households, p=[p[3] for p in PLACES]).astype(np.int8),
        region=rng.integers(0, 3, households).astype(np.int8),
        signup_day=signup_day.astype(np.int32),
        signup_second=rng.integers(0, 86_400, households).astype(np.int32),
        devices=rng.choice(len(DEVICES), (households, 3), p=_DEVICE_SHARE).astype(np.int8),
        household=home,
        profile_ids=pa.DictionaryArray.from_arrays(pa.array(position, pa.int32()), pa.array(names)),
        is_kid=is_kid,
        birth_year=birth.astype(np.int32),
        gender=rng.choice(4, len(home), p=[0.44, 0.44, 0.02, 0.1]).astype(np.int8),
        cluster=np.where(is_kid, KIDS_CLUSTER, first).astype(np.int8),
        second_cluster=np.where(is_kid, KIDS_CLUSTER, second).astype(np.int8),
        rate=rate / rate.mean(),
        first_day=first_day,
    )


def day_of(population: Population, number: int) -> date:
    """The date of a day number."""
    return population.first_day + timedelta(days=number)
