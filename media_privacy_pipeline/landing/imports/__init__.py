"""Consent receipts and rights requests of consent platforms, as drops of a landing zone.

Belongs here: reading what the platforms export, strictly, and saying it in the landing zone's columns by the policy's
words (its part `imports`). Does not belong here: what a consent allows (consent), or asking a platform for anything:
files come in, files go out. A document is taken whole or refused whole, with the rule that it breaks, and nothing that
is not plainly a grant becomes one.
"""

from .importing import Imported, import_consents
from .jwt import Verifier
from .refusal import Refusal, Rule

__all__ = ["Imported", "Refusal", "Rule", "Verifier", "import_consents"]
