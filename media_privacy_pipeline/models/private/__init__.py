"""private_als: item factors that are learned through paid noisy sums alone, so that they may be shown to everybody.

Belongs here: the whole-number statistics that accounts add up to, what each account can move them by, the noise that
pays for it, and what is solved from the noisy sums. Does not belong here: the ledger and the sampler (privacy), how
viewers' own vectors are solved (recommenders.foldin), how good a model is (evaluation).

The unit of privacy is the account. A viewer's own vector is solved without noise from the noisy item factors and their
own history, and is seen by them alone (joint differential privacy). docs/private-recommender.md has the proofs.
"""
