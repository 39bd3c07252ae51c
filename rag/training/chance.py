"""Seeded randomness: the same words give the same draws, on every machine and in every process."""

import random


def seeded(*words: object) -> random.Random:
    """A generator that depends on the words alone, each as `str` gives it."""
    return random.Random(" ".join(map(str, words)))  # noqa: S311 - for drawing training data
