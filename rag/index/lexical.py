"""Questions as full-text queries: words only, each quoted, so that nothing a user types is syntax."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

MAX_TERMS = 64
FREQUENT_SHARE = 0.1
FREQUENT_FLOOR = 200
KEPT_WHEN_ALL_FREQUENT = 2

_TERM = re.compile(r"[^\W_]+")


def terms(question: str) -> list[str]:
    """The distinct words of a question, lower-case, in order, at most `MAX_TERMS`; any text is valid."""
    found: dict[str, None] = {}
    for match in _TERM.finditer(unicodedata.normalize("NFC", question)):
        found.setdefault(match[0].lower())
        if len(found) == MAX_TERMS:
            break
    return list(found)


def telling(words: Sequence[str], *, frequency: Callable[[str], int], passages: int) -> list[str]:
    """The words worth searching for: without those that more than a tenth of the passages hold.

    If that leaves none, the rarest `KEPT_WHEN_ALL_FREQUENT` are kept. In archives of fewer than
    `FREQUENT_FLOOR` passages every word is kept. Words in no passage are left out.
    """
    counted: Mapping[str, int] = {word: frequency(word) for word in words}
    present = [word for word in words if counted[word]]
    if passages < FREQUENT_FLOOR:
        return present
    rare = [word for word in present if counted[word] <= FREQUENT_SHARE * passages]
    return rare or sorted(present, key=lambda word: counted[word])[:KEPT_WHEN_ALL_FREQUENT]


def match_expression(words: Sequence[str]) -> str:
    """An FTS5 expression for passages with any of the words."""
    return " OR ".join(f'"{word}"' for word in words)
