"""The command line `media-privacy`: thin commands that call the rooms and print for people or programs.

Belongs here: options, words on the terminal, exit codes. Does not belong here: anything that the UI or a library call
would need as well.
"""

from .app import main

__all__ = ["main"]
