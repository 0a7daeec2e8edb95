"""Access and portability (GDPR 15 and 20): everything that is held about one person, to take along or to read.

Belongs here: the check of the request, finding the person's rows, and the export and the dashboard made of them.
Nothing here changes the home. Does not belong here: erasing, retention, or the log of disclosures.
"""
