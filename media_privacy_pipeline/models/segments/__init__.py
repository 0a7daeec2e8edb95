"""Viewer segments: learned through paid noisy sums alone, named from public genres, sized with intervals.

Belongs here: the space that viewers are told apart in, the learning, the profile, the monthly step. Does not belong
here: what a noisy sum costs and how it is drawn (privacy).
"""
