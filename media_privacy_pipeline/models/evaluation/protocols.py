"""The four protocols on files: which pairs may be learned from, which are known of a tested user, which are asked for.

liang          users apart: a model learns from some, and is shown a part of the rows of others (Liang et al. 2018)
holdout        at random a share of each user's pairs is held out (Anelli et al. 2022)
leave-last-out the latest pair of each user is held out, against the whole catalogue (Kang and McAuley 2018)
temporal       the latest share of all pairs is held out: what production lives by

Each protocol holds out a validation part in the same way, before the test part or apart from it. Its split is made of
what remains when the test part has been taken away, so that nothing that is tuned on it has seen a test pair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ...errors import Refused
from ..interactions import Bools, Floats, Ints
from .ratings import Ratings
from .split import Split, paired
from .splitting import Part, Protocol
from .splitting import SplitConfig as SplitConfig


@dataclass(frozen=True)
class Sides:
    """Rows that are learned from, rows of tested users that the model is shown, and rows that are asked for."""

    train: Ratings
    shown: Ratings
    asked: Ratings


def split(data: Ratings, config: SplitConfig, part: Part) -> tuple[Split, Mapping[str, int]]:
    """The split of one file, and what was counted on the way. Raises Refused where nobody is left to ask."""
    positive = data.at_least(config.threshold)
    kept = positive.with_at_least(config.min_title_ratings, config.min_user_ratings)
    if not len(kept):
        raise Refused("no row is left: lower --threshold, --min-user-ratings or --min-title-ratings")
    sides = _SPLITTERS[config.protocol](kept, config, part)
    counts = {"rows": len(data), "rows_below_threshold": len(data) - len(positive)}
    counts["rows_of_rare_users_or_titles"] = len(positive) - len(kept)
    return joined(sides, config.protocol, counts)


def joined(sides: Sides, protocol: Protocol, counts: Mapping[str, int]) -> tuple[Split, dict[str, int]]:
    """The interactions of three sides. In liang titles that nobody in training watched are left out of both others, as
    its authors do; elsewhere they stay, and every model misses them. Raises Refused where nobody is left to ask."""
    if not len(sides.train):
        raise Refused(f"--protocol {protocol}: no row is left to learn from")
    latest = _latest(sides.train, sides.shown)
    train, shown, asked = sides.train.interactions(latest), sides.shown.interactions(latest), sides.asked.interactions()
    unknown = ~np.isin(asked.titles, train.titles)
    told = {
        **counts,
        "train_users": len(train),
        "train_titles": len(train.titles),
        "train_pairs": train.pairs,
        "asked_users": len(asked),
        "asked_pairs": asked.pairs,
        "asked_pairs_of_titles_not_in_training": int(unknown[asked.columns].sum()) if asked.pairs else 0,
    }
    if protocol == "liang":
        shown, asked = shown.over(train.titles), asked.over(train.titles)
    made = paired(protocol, train, shown, asked)
    told["tested_users"], told["tested_pairs"] = len(made.test), made.test.pairs
    told["asked_users_without_history_or_new_title"] = told["asked_users"] - len(made.test)
    if not len(made.test):
        raise Refused(f"--protocol {protocol}: nobody is left to test: no user has both a history and a new title")
    return made, told


def _latest(train: Ratings, shown: Ratings) -> float | None:
    """The latest time of what a model may know, never of what is asked for; None where times lack."""
    known = [float(each.times.max()) for each in (train, shown) if each.times is not None and len(each)]
    return max(known) if train.times is not None and (shown.times is not None or not len(shown)) else None


def _liang(data: Ratings, config: SplitConfig, part: Part) -> Sides:
    random = np.random.default_rng(config.seed)
    codes, users = data.codes()
    order = random.permutation(len(users))
    tests, validations = int(len(users) * config.test_share), int(len(users) * config.validation_share)
    if not tests or not validations or tests + validations >= len(users):
        raise Refused(f"--protocol liang: {len(users)} users cannot be parted into training, validation and test users")
    role = np.zeros(len(users), np.int8)
    role[order[:tests]], role[order[tests : tests + validations]] = 2, 1
    train, held = data.where(role[codes] == 0), data.where(role[codes] == (2 if part == "test" else 1))
    # Which rows of a user are shown must not depend on the other users: the seed and the user's own rows decide.
    hidden = _drawn(held, 1 - config.fold_in_share, config.seed + 1)
    return Sides(train, held.where(~hidden), held.where(hidden))


def _holdout(data: Ratings, config: SplitConfig, part: Part) -> Sides:
    tested = _drawn(data, config.test_share, config.seed)
    rest = data.where(~tested)
    validation = _drawn(rest, config.validation_share, config.seed + 1)
    return _within(rest, validation, data.where(tested), config, part)


def _leave_last_out(data: Ratings, config: SplitConfig, part: Part) -> Sides:
    last = _last(data)
    rest = data.where(~last)
    return _within(rest, _last(rest), data.where(last), config, part)


def _temporal(data: Ratings, config: SplitConfig, part: Part) -> Sides:
    late = _late(data.dated("temporal"), config.test_share)
    rest = data.where(~late)
    return _within(rest, _late(rest.dated("temporal"), config.validation_share), data.where(late), config, part)


_SPLITTERS: Mapping[Protocol, Callable[[Ratings, SplitConfig, Part], Sides]] = {
    "liang": _liang,
    "holdout": _holdout,
    "leave-last-out": _leave_last_out,
    "temporal": _temporal,
}


def _within(rest: Ratings, validation: Bools, asked: Ratings, config: SplitConfig, part: Part) -> Sides:
    """Sides where tested users are trained on: what is shown of them is all that lies before what is asked."""
    early = rest.where(~validation)
    if part == "validation":
        return Sides(early, early, rest.where(validation))
    return Sides(rest if config.refit else early, rest, asked)


def _drawn(data: Ratings, share: float, seed: int) -> Bools:
    """Marks at random `share` of each user's rows, rounded down. Rows in another order get the same marks."""
    codes, users = data.codes()
    titles = data.titles.dictionary_encode()
    rank = np.empty(len(titles.dictionary), np.int64)
    rank[np.argsort(np.array(titles.dictionary.to_pylist(), dtype=np.str_), kind="stable")] = np.arange(len(rank))
    by_text = np.lexsort((rank[titles.indices.to_numpy()], codes))
    lot = np.empty(len(data))
    lot[by_text] = np.random.default_rng(seed).random(len(data))
    place = _places(codes, lot)
    return np.asarray(place < np.floor(np.bincount(codes, minlength=len(users)) * share + 1e-9)[codes])


def _last(data: Ratings) -> Bools:
    """Marks the latest row of each user who has another; of equal times the last in the file."""
    codes, users = data.codes()
    counts = np.bincount(codes, minlength=len(users))[codes]
    return np.asarray((_places(codes, data.dated("leave-last-out")) == counts - 1) & (counts > 1))


def _late(times: Floats, share: float) -> Bools:
    """Marks the rows from the first time on from which at most `share` of the rows lie; the latest time at least."""
    if not len(times):
        return np.zeros(0, bool)
    ordered = np.sort(times)
    cut = ordered[min(int(np.ceil(len(times) * (1 - share) - 1e-9)), len(times) - 1)]
    if np.count_nonzero(times >= cut) > len(times) * share and cut < ordered[-1]:
        cut = ordered[np.searchsorted(ordered, cut, side="right")]
    return np.asarray(times >= cut)


def _places(codes: Ints, keys: Floats) -> Ints:
    """Place of each row among its user's, by key."""
    order = np.lexsort((keys, codes))
    starts = np.searchsorted(codes[order], np.arange(codes.max() + 1 if len(codes) else 0))
    place = np.empty(len(codes), np.int64)
    place[order] = np.arange(len(codes)) - starts[codes[order]]
    return place
