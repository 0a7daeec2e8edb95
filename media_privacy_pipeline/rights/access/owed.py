"""What a person's account has used of the allowances that noisy counts are paid from: odometers, for one account."""

from __future__ import annotations

import pyarrow as pa

from ...engines import Session
from ...privacy.allowances import units_a_day
from ...privacy.odometers import SUFFIX
from ...privacy.open import PURPOSE, odometers_of
from .people import Person
from .portable import Held
from .stored import answer_contract, made


def allowances(session: Session, person: Person) -> Held:
    """Rows of `subject_allowances`; none for one profile, since an odometer knows whole accounts.

    Raises Refused for a damaged odometer.
    """
    rows = []
    if person.profile_id is None:
        kept = odometers_of(session)
        (key,) = session.keyring.account_keys(PURPOSE, [person.account_id])
        for path in kept.files():
            name, _, family = path.name.removesuffix(SUFFIX).rpartition(".")
            odometer = kept.find(name, family)
            at = -1 if odometer is None else odometer.accounts.index(pa.scalar(key)).as_py()
            if odometer is not None and at >= 0:
                days = int(odometer.owed[at]) / units_a_day(session.policy.releases, name)
                rows.append({"release": name, "day": odometer.day, "owed_days": round(days, 6)})
    return made("derived", "allowances", answer_contract(session, "subject_allowances"), rows)
