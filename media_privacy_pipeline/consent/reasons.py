"""The reasons of a decision in plain words, in the order of the rules: the first that holds is the one that is told."""

REASONS = {
    "": "allowed: every rule of consent is met",
    "erased": "the person was erased on their own request",
    "on_hold": "the person was erased and is under a legal hold: kept apart, used for nothing",
    "restricted": "the person asked to restrict the use of their data",
    "private_session": "it was watched in a private session",
    "kids_profile": "it was watched on a child's profile",
    "minor": "the viewer was a minor when it happened",
    "age_unknown": "the viewer's age is not known, and counts as a minor's here",
    "hidden_title": "the viewer hid this title",
    "not_permitted": "the policy lets this purpose see nothing of this table",
    "unknown": "nobody was ever asked, or has answered: silence is no consent",
    "not_consented_at_event": "consent was given only after it happened, and does not reach back",
    "stale_notice": "consent was given to an older notice than the policy accepts",
    "expired": "consent had expired",
    "withdrawn": "consent was withdrawn",
    "denied": "consent was denied",
    "objected": "the viewer objected",
    "conflicting_record": "the consent records contradict each other: nothing is used until that is resolved",
    "malformed": "the last consent string cannot be read, so what it said is not known",
    "outside_window": "it is older than the time that the policy keeps such events for this purpose",
    "no_disclosure_form": "there is no consent on a form of its own that is recent enough",
}
"""Plain words by reason code; the empty code is an allowance."""
