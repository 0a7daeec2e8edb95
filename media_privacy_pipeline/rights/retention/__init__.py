"""Retention: what the policy keeps for how long (windows), destroying what is past it (destroy), and the proof."""

from .proof import Line, proof
from .windows import Window, held_by, windows

__all__ = ["Line", "Window", "held_by", "proof", "windows"]
