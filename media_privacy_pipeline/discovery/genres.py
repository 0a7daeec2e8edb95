"""What people call genres: words that lead to a genre though no catalogue writes them so."""

from __future__ import annotations

ALIASES: dict[str, tuple[str, ...]] = {
    "action": ("martial arts", "shootout", "stunts"),
    "adventure": ("quest", "treasure hunt", "swashbuckler"),
    "animation": ("animated", "cartoon", "anime"),
    "children": ("kids", "family"),
    "comedy": ("funny", "sitcom", "stand up"),
    "crime": ("detective", "gangster", "heist", "police"),
    "documentary": ("docu", "true story", "nature"),
    "drama": ("tearjerker", "melodrama"),
    "family": ("kids", "children"),
    "fantasy": ("magic", "fairy tale", "dragons"),
    "film noir": ("noir", "hardboiled"),
    "horror": ("scary", "slasher", "haunted", "zombies"),
    "musical": ("singing", "broadway"),
    "mystery": ("whodunit", "puzzle"),
    "romance": ("love story", "romantic", "romcom"),
    "science fiction": ("sci fi", "scifi", "sf", "space opera", "cyberpunk", "space"),
    "sci fi": ("science fiction", "scifi", "sf", "space opera", "cyberpunk", "space"),
    "thriller": ("suspense", "spy"),
    "war": ("battle", "military"),
    "western": ("cowboy", "wild west"),
}
"""Public words, none of them learned from anybody's searches."""
