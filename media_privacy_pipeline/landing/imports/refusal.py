"""Why a document is refused, and never a part of it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Rule(StrEnum):
    """The rule that a file or document breaks. Safe to show: it tells nothing about the person."""

    IO_ERROR = "io_error"
    NO_PERMISSION = "no_permission"
    NOT_UTF8 = "not_utf8"
    LINE_TOO_LONG = "line_too_long"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_KEY = "duplicate_key"
    CONTRADICTORY_FIELD = "contradictory_field"
    BAD_FIELD = "bad_field"
    UNVERIFIED_JWT = "unverified_jwt"
    BAD_JWT = "bad_jwt"
    BAD_SIGNATURE = "bad_signature"
    TEST_DATA = "test_data"
    ANONYMOUS_SUBJECT = "anonymous_subject"
    MISSING_ACCOUNT = "missing_account"
    AMBIGUOUS_ACCOUNT = "ambiguous_account"
    HASHED_IDENTITY = "hashed_identity"
    EMAIL_AS_ACCOUNT = "email_as_account"
    NO_PURPOSES = "no_purposes"
    AMBIGUOUS_PURPOSE = "ambiguous_purpose"
    MISSING_STATE = "missing_state"
    MISSING_TIME = "missing_time"
    NAIVE_TIMESTAMP = "naive_timestamp"
    BAD_TIMESTAMP = "bad_timestamp"
    MISSING_ID = "missing_id"
    UNKNOWN_VERSION = "unknown_version"
    UNSUPPORTED_KIND = "unsupported_kind"


ADVICE = {
    Rule.IO_ERROR: "the file cannot be read",
    Rule.NO_PERMISSION: "the file may not be read by this user",
    Rule.NOT_UTF8: "the file is not UTF-8: export it anew",
    Rule.LINE_TOO_LONG: "a line of over 64 MB: is it one document a line?",
    Rule.NOT_JSON: "not JSON: is it cut off?",
    Rule.NOT_AN_OBJECT: "not a JSON object",
    Rule.DUPLICATE_KEY: "an object names a key twice",
    Rule.CONTRADICTORY_FIELD: "a field stands in two spellings with two values",
    Rule.BAD_FIELD: "a field has a type or content that the platform's documents do not allow",
    Rule.UNVERIFIED_JWT: "a signed receipt: give the tenant's public key with --jwt-key",
    Rule.BAD_JWT: "not a JWT signed with RS256 or ES256 by a key of the kind given",
    Rule.BAD_SIGNATURE: "the signature is not by the key given",
    Rule.TEST_DATA: "marked as a test, or from an environment that is none of the policy's",
    Rule.ANONYMOUS_SUBJECT: "of somebody without an account",
    Rule.MISSING_ACCOUNT: "no account id where the policy looks for one (imports: account)",
    Rule.AMBIGUOUS_ACCOUNT: "more than one account or profile id",
    Rule.HASHED_IDENTITY: "the identity is hashed: send it raw",
    Rule.EMAIL_AS_ACCOUNT: "the account id is an e-mail address: name the field that holds the id (imports: account)",
    Rule.NO_PURPOSES: "it speaks of no purpose",
    Rule.AMBIGUOUS_PURPOSE: "the policy maps its id and its name to two purposes",
    Rule.MISSING_STATE: "a purpose without its state",
    Rule.MISSING_TIME: "it does not say when",
    Rule.NAIVE_TIMESTAMP: "a time without a zone",
    Rule.BAD_TIMESTAMP: "not a time (ISO 8601 with a zone; Ketch: UNIX seconds from 2000 on)",
    Rule.MISSING_ID: "it has no id",
    Rule.UNKNOWN_VERSION: "an apiVersion that is not documented",
    Rule.UNSUPPORTED_KIND: "a kind that the landing zone has no place for: carry it out by hand",
}
"""What each rule means and what to do, in words for people."""


class Unusable(ValueError):
    """A document that is not taken."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.value)
        self.rule = rule


class Refusal(NamedTuple):
    """A file or document that was refused: the file's name, the place in it (empty for the whole file), the rule."""

    file: str
    place: str
    rule: Rule
