"""The lake of a home, wherever the settings say that it is."""

from __future__ import annotations

from ..lake import Lake
from ..settings import Settings
from .bucket import Bucket, is_url


def lake_of(settings: Settings) -> Lake:
    """HOME/lake unless MEDIA_PRIVACY_LAKE_URL says otherwise. Raises UsageError for a scheme that is not served."""
    if settings.lake_url is None or not is_url(settings.lake_url):
        return Lake(settings.lake)
    from .cache import size_of
    from .lake import UrlLake

    bucket = Bucket(settings.lake_url, "nothing that was stored is lost")
    return UrlLake(bucket, settings.lake, settings.home, size_of(settings.cache_limit))
