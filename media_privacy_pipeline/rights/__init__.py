"""What viewers can see, take along and have erased: the rights of GDPR 15 to 21, carried out on one person's request.

Belongs here: finding everything that is held about a person, checking that a verified request stands behind it, handing
it over in a form that can be read and reused, and removing it. Does not belong here: deciding what may be used
(consent), or letting requests in (landing). A person's own data leaves the house through this room and no other, and
only to that person: nobody else's row may be beside it, another profile of the same household included.
"""
