"""Cold start: vectors of titles that nobody was learned from, by what is public about them, and lists for who is new.

Belongs here: metadata as numbers, the regression from them onto a model's item factors, a recommender that ranks the
new titles beside those it learned, and what is popular by region. Does not belong here: how factors are learned
(recommenders, private), who is served with which filters (serving).

A derived vector is made of public metadata and the factors alone, and nobody's viewing is read for it. From private
factors it costs nothing, and may be shown wherever they may; from those of `ials` it is personal data as they are.
"""
