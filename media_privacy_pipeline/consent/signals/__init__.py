"""Strict decoders of consent strings, and what the strings mean.

Belongs here: reading TCF, GPP and US Privacy strings whole or not at all, and saying what a decoded string allows or
denies for a TCF purpose, a vendor or a US right. Does not belong here: the policy's purposes, the ledger, any time but
the string's own, or I/O. No function here grants anything from a string that it could not read to its last bit.
"""

from .batch import decode_many
from .gpp import Gpp, decode_gpp
from .malformed import Malformed, Reason
from .tcf import Tcf, decode_tcf
from .tcf_meaning import TcfState, Why, tcf_state
from .us_meaning import UsAnswer, known_child, sensitive_data, us_state
from .usp import Usp, decode_usp

__all__ = [
    "Gpp",
    "Malformed",
    "Reason",
    "Tcf",
    "TcfState",
    "UsAnswer",
    "Usp",
    "Why",
    "decode_gpp",
    "decode_many",
    "decode_tcf",
    "decode_usp",
    "known_child",
    "sensitive_data",
    "tcf_state",
    "us_state",
]
