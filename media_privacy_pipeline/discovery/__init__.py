"""Finding titles by words: what the catalogue says of itself, as open tables that plain SQL can search.

Belongs here: how text is cut into words, the index and its vectors, the query. Nothing here reads anything of people;
what people search for is counted by a paid release in the privacy room.
"""

from .query import Hit, search

__all__ = ["Hit", "search"]
