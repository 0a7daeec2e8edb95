"""`python -m media_privacy_pipeline.cli`, where the script is not on the path."""

from . import main

main()
