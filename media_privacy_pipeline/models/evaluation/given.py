"""Splits that somebody else made: files to learn from, to fold in and to ask for, held to their protocol's rules."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import Refused, UsageError
from ..interactions import Bools
from .protocols import Sides, joined
from .ratings import Ratings
from .split import Split
from .splitting import Protocol, SplitConfig


def given(train: Ratings, test: Ratings, fold_in: Ratings | None, config: SplitConfig) -> tuple[Split, dict[str, int]]:
    """The split of given files. Unknown users and titles of the test file are counted and cannot be hit.

    Pairs of the test file that are in a user's history too are not asked for. Raises Refused where the files break the
    rule of the protocol, UsageError where a file that it needs is missing.
    """
    train, test = train.at_least(config.threshold), test.at_least(config.threshold)
    train = train.with_at_least(config.min_title_ratings, config.min_user_ratings)
    extra = None if fold_in is None else fold_in.at_least(config.threshold)
    _check(train, test, extra, config.protocol)
    shown = train.where(_among(train.users, test.users))
    if extra is not None:
        shown = extra if config.protocol == "liang" else _together(shown, extra)
    counts = {"test_rows": len(test), "test_users_unknown": _users_missing(test, shown)}
    if extra is not None:
        counts["fold_in_rows"] = len(extra)
        counts["fold_in_rows_of_unknown_titles"] = int((~_among(extra.titles, train.titles)).sum())
    made, told = joined(Sides(train, shown, test), config.protocol, counts)
    told["asked_pairs_seen_before"] = _seen(test, shown)
    return made, told


def _check(train: Ratings, test: Ratings, fold_in: Ratings | None, protocol: Protocol) -> None:
    if protocol == "liang":
        if fold_in is None:
            raise UsageError(
                "--protocol liang: tested users are not in training: give what is known of them, --fold-in"
            )
        both = int(pc.count_distinct(test.users.filter(pa.array(_among(test.users, train.users)))).as_py())
        if both:
            raise Refused(f"--protocol liang: {both} users of the test file are in the training file too")
    if protocol == "leave-last-out" and pc.count_distinct(test.users).as_py() < len(test):
        raise Refused("--protocol leave-last-out: the test file has more than one row of a user")
    if (
        protocol == "temporal"
        and train.times is not None
        and test.times is not None
        and len(train)
        and len(test)
        and (early := int(np.count_nonzero(test.times < train.times.max())))
    ):
        raise Refused(f"--protocol temporal: {early} rows of the test file are older than the latest training row")


def _among(values: pa.StringArray, others: pa.StringArray) -> Bools:
    return np.asarray(pc.is_in(values, value_set=pc.unique(others)))


def _users_missing(test: Ratings, shown: Ratings) -> int:
    unknown = test.users.filter(pa.array(~_among(test.users, shown.users)))
    return int(pc.count_distinct(unknown).as_py())


def _together(first: Ratings, second: Ratings) -> Ratings:
    times = None if first.times is None or second.times is None else np.concatenate([first.times, second.times])
    users, titles = ([getattr(each, name) for each in (first, second)] for name in ("users", "titles"))
    return Ratings(pa.concat_arrays(users), pa.concat_arrays(titles), times=times)


def _seen(test: Ratings, shown: Ratings) -> int:
    keys = [pc.binary_join_element_wise(each.users, each.titles, "\x1f") for each in (test, shown)]
    return int(np.count_nonzero(_among(*keys)))
