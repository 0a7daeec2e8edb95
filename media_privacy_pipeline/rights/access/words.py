"""Plain words for the person who reads: what each kind of data and each table is."""

from __future__ import annotations

from ...policy import Policy
from ...sql import Contract

KINDS = {
    "raw": ("What we were sent about you", "What players, apps and your account told us, as we keep it."),
    "derived": (
        "What we made of it",
        "For each purpose, the rows and columns that it may see, under a pseudonym that only this purpose has.",
    ),
    "inferences": (
        "What we concluded about you",
        "Your group of viewers, and your recommendations with their reasons.",
    ),
    "consents": ("What you allowed", "Each answer as it is written down, and what follows from it for each time."),
    "requests": ("What you asked for", "Requests about your data, and what follows from them."),
    "recipients": ("Who can read rows about you", "Published counts are left out: no row of them is about a person."),
    "retention": ("Until when it is used", "For each purpose, from your oldest to your newest row that it uses."),
    "decisions": ("What was decided", "For each event and purpose: whether the purpose may use it, and why not."),
}
"""Title and explanation of each kind."""

TABLES = {
    "viewing_events": ("What you watched", "One row each time something was played."),
    "search_events": ("What you searched for", "One row for each search."),
    "accounts": ("Your account and profiles", "The newest version that we have."),
    "consent_events": ("Your answers, as they reached us", "From settings, apps and browsers."),
    "subject_requests": ("Your requests", "Access, erasure, hidden titles and others."),
    "refused": (
        "Rows that we could not use",
        "They break a rule of ours, are kept encrypted for some weeks, and are used for nothing.",
    ),
    "accounting": (
        "Where every row went",
        "For each input: what landed, and what became of it. Repeated deliveries are counted and not kept.",
    ),
    "personalisation_interactions": (
        "How often you watched what, for recommendations",
        "Counted per title, with the day of the last time.",
    ),
    "training_interactions": (
        "How often you watched what, for training models",
        "Counted per title, with the day of the last time.",
    ),
    "pseudonyms": ("Your pseudonyms", "By which the tables below know you. None leads to the others."),
    "allowances": (
        "How much of you is in noisy counts",
        "Each account can move a published count by so much over time: what yours has used and not yet made up for.",
    ),
    "subjects": ("How the consent records know you", "References, age class and standing."),
    "recommendations": ("Recommendations as stored", "Under your pseudonym."),
    "weekly_discovery": ("Your discoveries of this week, as stored", "The same list until the week is over."),
    "context_recommendations": (
        "Your recommendations by part of the day and device, as stored",
        "Under a pseudonym that only this purpose has.",
    ),
    "context_interactions": ("When and on what you watched, for recommendations", "Counted per title."),
    "recommendations_explained": ("Your recommendations", "With the title of yours that speaks for each the most."),
    "viewer_segments": ("Segment as stored", "Under your pseudonym."),
    "viewer_segments_advertising": ("Segment for advertising as stored", "Under your pseudonym for advertising."),
    "advertising_interactions": ("What you watched, for choosing advertisements", "For your group of viewers alone."),
    "segments": ("Your group of viewers", "Found from the genres that you watch."),
    "consent_ledger": ("Your answers, as they are written down", "The ledger cannot be changed unseen."),
    "consent_timeline": (
        "What follows from your answers, by time",
        "Between two times nothing changes. The letters stand for what is decided; the decisions spell it out.",
    ),
    "conflicting_consents": ("Answers that contradict each other", "While there are any, that purpose is denied."),
    "malformed_signals": (
        "Answers that cannot be read",
        "What they may have spoken of is denied.",
    ),
    "hidden_titles": ("Titles that you hid", "They are never recommended to you, and left out of training."),
    "private_sessions": ("Private sessions", "Used for no recommendation, training or advertising."),
    "release_readers": ("Who can read rows about you", "Encrypted tables of the releases that are still there."),
    "disclosures": ("To whom your rows were handed", "Outside our house, each time that a table with them was."),
    "windows": (
        "Until when each purpose may use your rows",
        "Each row leaves a purpose so many days after it happened.",
    ),
    "decisions": ("Each event, each purpose", "With the reason in words."),
}
"""Title and explanation of each table; `told` has the words for tables that are missing here."""

WHY = {
    "consent_events": "So that we do what you allow and nothing else, and can prove it",
    "subject_requests": "So that we do what you ask, and can prove it",
    "refused": "So that whoever sent them can mend them",
}
"""What rows are kept for that no purpose of the policy stands for."""

BASES = {
    "consent": "You decide: it happens only while you agree.",
    "legitimate_interest": "We do it without asking, in our legitimate interest; you can object.",
    "contract": "It is part of the service that you subscribed to.",
    "legal": "The law asks us for it.",
}
"""What a legal basis means (GDPR 6(1))."""

ANSWERS = {
    "": "It is allowed now.",
    "erased": "Nothing is used: your data was erased.",
    "on_hold": "Nothing is used: your data is kept apart because the law asks for it.",
    "restricted": "Nothing is used: you asked us to stop.",
    "kids_profile": "It is not allowed: this is a child's profile.",
    "guest_profile": "Nothing is used: this is a guest's profile, which counts as private.",
    "minor": "It is not allowed: the viewer of this profile is too young.",
    "age_unknown": "It is not allowed: we do not know the viewer's age.",
    "unknown": "It is not allowed: we have no answer from you, and silence is a no.",
    "not_consented_at_event": "It is not allowed yet.",
    "stale_notice": "It is not allowed: you agreed to an older notice.",
    "expired": "It is not allowed: your answer has expired.",
    "withdrawn": "It is not allowed: you took your answer back.",
    "denied": "It is not allowed: you, or the household's account, said no.",
    "objected": "It is not allowed: you, or your browser, objected.",
    "malformed": "It is not allowed: your app or browser sent an answer that cannot be read. Answer again.",
    "conflicting_record": "It is not allowed: our records of your answer contradict each other.",
    "no_disclosure_form": "It is not allowed: that would need your answer on a form of its own.",
}
"""How a purpose stands now, by the reason against it."""


def told(name: str, contract: Contract, policy: Policy) -> tuple[str, str]:
    """Title and explanation of a table: our own, those of the purpose that may see it, or else the contract's."""
    if name in TABLES:
        return TABLES[name]
    purpose = contract.meta.purpose
    source = name.removeprefix(f"permitted_{purpose}_")
    if purpose in policy.purposes and source in TABLES:
        seen = f"{policy.purposes[purpose].title}. Only the columns that this needs, under a pseudonym."
        return f"{TABLES[source][0]}, for {purpose.replace('_', ' ')}", seen
    return name.replace("_", " ").capitalize(), contract.description.strip()
