"""What a GPP or US Privacy string says about sale, sharing, targeted advertising, children and sensitive data."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from .gpp import Gpp
from .us_section import Choice, UsSection
from .usp import Usp

Question = Literal["sale", "sharing", "targeted_advertising"]


class UsAnswer(StrEnum):
    """What sections say about one question, the most restrictive first. All but the last two deny; `not_opted_out` says
    no more than that, and `silent` is no answer at all.
    """

    OPTED_OUT = "opted_out"
    GPC = "gpc"
    NO_NOTICE = "no_notice"
    NOT_APPLICABLE = "not_applicable"
    NOT_OPTED_OUT = "not_opted_out"
    SILENT = "silent"

    @property
    def denies(self) -> bool:
        """Whether the purpose must not be pursued."""
        return self not in (UsAnswer.NOT_OPTED_OUT, UsAnswer.SILENT)


_RANK = {answer: rank for rank, answer in enumerate(UsAnswer)}
_GENERAL_NOTICES = ("sharing_notice", "processing_notice")


def us_state(gpp: Gpp, question: Question) -> UsAnswer:
    """What the whole string says: any section that denies is heard, whatever the others say."""
    answers = [section_answer(section, question) for section in gpp.us]
    if gpp.usp is not None:
        answers.append(usp_answer(gpp.usp, question))
    return min(answers, key=_RANK.__getitem__, default=UsAnswer.SILENT)


def section_answer(section: UsSection, question: Question) -> UsAnswer:
    """What one section says. Not opted out needs the choice and every notice that the choice rests on."""
    choice = section.values.get(f"{question}_opt_out")
    if choice == 1:
        return UsAnswer.OPTED_OUT
    if section.gpc:
        return UsAnswer.GPC
    if choice is None:
        return UsAnswer.SILENT
    notice = section.values[f"{question}_opt_out_notice"]
    if notice == 2 or any(section.values.get(general) == 2 for general in _GENERAL_NOTICES):
        return UsAnswer.NO_NOTICE
    # A choice without the notice that it answers contradicts itself: nobody was asked.
    return UsAnswer.NOT_OPTED_OUT if choice == 2 and notice == 1 else UsAnswer.NOT_APPLICABLE


def usp_answer(usp: Usp, question: Question) -> UsAnswer:
    """What a US Privacy string says. It knows of sale only, which under the law of its time took in the other two."""
    if usp.opted_out_of_sale:
        return UsAnswer.OPTED_OUT
    if question != "sale":
        return UsAnswer.SILENT
    if usp.notice is False:
        return UsAnswer.NO_NOTICE
    return UsAnswer.NOT_APPLICABLE if usp.opted_out_of_sale is None or usp.notice is None else UsAnswer.NOT_OPTED_OUT


def known_child(gpp: Gpp) -> Choice:
    """Whether the person is known to be a child, and whether there is consent in every band of age that applies."""
    return _weakest(choice for section in gpp.us for choice in section.known_child)


def sensitive_data(gpp: Gpp) -> Choice:
    """Whether there is consent for every kind of sensitive data that applies, in every section."""
    return _weakest(choice for section in gpp.us for choice in section.sensitive_data)


def gpc(gpp: Gpp) -> bool | None:
    """Whether a section carries Global Privacy Control; None where no section has the sub-section."""
    said = [section.gpc for section in gpp.us if section.gpc is not None]
    return any(said) if said else None


def _weakest(choices: Iterable[Choice]) -> Choice:
    applicable = [choice for choice in choices if choice is not Choice.NOT_APPLICABLE]
    return min(applicable, default=Choice.NOT_APPLICABLE)
