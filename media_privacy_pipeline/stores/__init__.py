"""Object stores: one prefix of an S3 bucket as a place for files, local copies of them, and the lake on it.

Belongs here: what S3 can do (whole objects, conditional puts, listings), what its errors mean in words, a bounded cache
of local copies, and the lake's contract kept without renames. Does not belong here: what a release is (published), or
who reads. Endpoint, region and credentials come from the AWS_* environment alone: no setting, log or message has them.
"""

from .bucket import Bucket, Conflict, Item, Stored, is_url
from .opening import lake_of

__all__ = ["Bucket", "Conflict", "Item", "Stored", "is_url", "lake_of"]
