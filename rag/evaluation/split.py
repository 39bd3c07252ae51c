"""Which part of a question set a figure may come from: one is for fitting rules and curves, the other for reporting.

Questions are split by the title of their article, so that nothing about an article is known from the other half.
"""

import hashlib
from typing import Literal, TypeAlias

Part: TypeAlias = Literal["fit", "report"]

_FIRST_TO_REPORT = 0x60


def part(title: str) -> Part:
    """The part that an article belongs to, by the first byte of its title's SHA-256: below 0x60 it is for fitting.

    Of the 23 titles of the SQuAD 1.1 development questions used here 9 are for fitting.
    """
    return "fit" if hashlib.sha256(title.encode()).digest()[0] < _FIRST_TO_REPORT else "report"
