"""Questions that look answerable and are not: one small change to a real question over its own passage.

The changes follow the kinds that people used to write unanswerable questions for SQuAD 2.0
(Rajpurkar, Jia and Liang, 2018): another entity, number or date, an antonym, a negation.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from rag.evaluation.metrics import mentions, normalise_answer
from rag.text import STOP_WORDS

_YEAR = re.compile(r"(?<![\w.,])(?:1\d{3}|20\d{2})(?:s\b)?(?!\w|[.,]\d)")
_NUMBER = re.compile(r"(?<![\w.,$])(?!1\d{3}\b|20\d{2}\b)\d[\d,]*(?:\.\d+)?(?!\w|[.,]\d)")
_MONTHS = "January February March April May June July August September October November December"
_MONTH = re.compile(rf"\b(?:{_MONTHS.replace(' ', '|')})\b(?! \d)")
_ONE_NAME = r"(?!I')[A-Z][\w'\u2019&-]*\w"
_NAME = re.compile(rf"(?<=[a-z,] ){_ONE_NAME}(?: (?:(?:of|the|de|von|van|and) )?{_ONE_NAME}){{0,3}}")

_NOT_A_NAME = STOP_WORDS.union(
    _MONTHS.lower().split(),
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "two", "three", "both", "most"],
    ["according", "although", "because", "however", "since", "name"],
)
_NO_COMPANION = STOP_WORDS | {"between", "more", "most", "only", "same", "very"}
_OPPOSITES = """
    first last, most least, more less, before after, largest smallest, biggest smallest, highest lowest,
    larger smaller, higher lower, increase decrease, increased decreased, north south, northern southern,
    east west, eastern western, early late, earliest latest, oldest youngest, older younger, won lost, win lose,
    begin end, began ended, start stop, started stopped, husband wife, father mother, son daughter,
    brother sister, men women, male female, best worst, longest shortest, maximum minimum, above below,
    inside outside, allowed forbidden, accepted rejected, support oppose, supported opposed, public private,
    major minor, majority minority, rise fall, rose fell, opened closed, bought sold, joined left, common rare,
    upper lower, modern ancient, positive negative, strong weak, internal external, import export,
    imports exports, succeeded preceded, successor predecessor
"""
ANTONYMS: dict[str, str] = {}
"""Words of questions and what they may be swapped for; both ways round where both are unambiguous."""
for _one, _other in (pair.split() for pair in _OPPOSITES.split(",")):
    ANTONYMS.setdefault(_one, _other)
    ANTONYMS.setdefault(_other, _one)
_NEGATED = {
    "is": "isn't",
    "are": "aren't",
    "was": "wasn't",
    "were": "weren't",
    "did": "didn't",
    "does": "doesn't",
    "can": "can't",
    "could": "couldn't",
    "has": "hasn't",
    "would": "wouldn't",
}
_NEGATIVE = re.compile(r"\b(?:not|never|no|without|except)\b|n't\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a question is asked over: its passage, its answers there, and passages of like content."""

    context: str
    answers: Sequence[str]
    others: Sequence[str]


def edited(question: str, *, ground: Ground, rng: Random, negations: float = 0.3) -> str | None:
    """The question with one change after which its passage no longer answers it, or None where none offers itself.

    A name, number or date gives way to one of the same kind, taken from the other passages and absent
    from this one, or now and then from this one, away from the answer; or a word gives way to one that
    stands beside the same neighbour elsewhere ("potential energy" for "kinetic energy"); or to its
    antonym. Where nothing else offers itself the question is negated, with chance `negations`.

    The label cannot be certain: now and then the passage happens to answer the new question too.
    """
    kinds: list[_Kind] = [_swapped, _companion, _opposite]
    rng.shuffle(kinds)
    if rng.random() < negations:
        kinds.append(_negated)
    for kind in kinds:
        changed = kind(question, ground, rng)
        if changed is not None and normalise_answer(changed) != normalise_answer(question):
            return changed
    return None


_Kind = Callable[[str, Ground, Random], str | None]


def _swapped(question: str, ground: Ground, rng: Random) -> str | None:
    spots = [(spot, kind) for kind in (_YEAR, _NUMBER, _MONTH, _NAME) for spot in _found(kind, question)]
    rng.shuffle(spots)
    for spot, kind in spots:
        if kind is _NAME and not mentions(ground.context, [spot.group()]):
            continue
        within = kind is not _MONTH and rng.random() < 0.25
        texts = [_MONTHS] if kind is _MONTH else [_away_from_answers(ground)] if within else ground.others
        pool = [found.group() for text in texts for found in _found(kind, text)]
        rng.shuffle(pool)
        for new in sorted(pool, key=partial(_unlike, spot.group()))[:30]:
            if _fits(new, old=spot.group(), question=question, answers=ground.answers) and (
                within or not mentions(ground.context, filter(normalise_answer, new.split()))
            ):
                return question[: spot.start()] + new + question[spot.end() :]
    return None


def _found(kind: re.Pattern[str], text: str) -> list[re.Match[str]]:
    found = list(kind.finditer(text))
    if kind is not _NAME:
        return found
    parts = ((match, match.group().lower().split()) for match in found)
    return [match for match, words in parts if words[0] not in _NOT_A_NAME and words[-1] not in _NOT_A_NAME]


def _unlike(old: str, new: str) -> int:
    """How different two names or numbers look: words, length of numbers, capitals."""
    return (
        abs(len(new.split()) - len(old.split())) * 3
        + abs(len(new) - len(old)) // 4
        + 3 * (new.isupper() != old.isupper())
    )


def _fits(new: str, *, old: str, question: str, answers: Sequence[str]) -> bool:
    form, former = normalise_answer(new), normalise_answer(old)
    if not form or form[:5] == former[:5] or set(form.split()) & set(former.split()) or mentions(question, [new]):
        return False
    return not (mentions(new, answers) or any(mentions(answer, [new]) for answer in answers))


def _away_from_answers(ground: Ground) -> str:
    parts = re.split(r"(?<=[.!?])\s+", ground.context)
    return " ".join(part for part in parts if not any(answer in part for answer in ground.answers))


def _companion(question: str, ground: Ground, rng: Random) -> str | None:
    pairs = [p for p in re.finditer(r"(?=\b([a-z]{4,}) ([a-z]{4,})\b)", question) if not _NO_COMPANION & {p[1], p[2]}]
    rng.shuffle(pairs)
    elsewhere = " ".join(ground.others)
    for pair in pairs:
        for place, pattern in ((2, rf"\b{pair[1]} ([a-z]{{4,}})\b"), (1, rf"\b([a-z]{{4,}}) {pair[2]}\b")):
            old = pair[place]
            new = sorted({found[1] for found in re.finditer(pattern, elsewhere)} - _NO_COMPANION)
            new = [word for word in new if word[:4] != old[:4] and not word.endswith("ly") and _alike(word, old)]
            new = [word for word in new if not mentions(ground.context, [word])]
            if new and mentions(ground.context, [old]):
                return question[: pair.start(place)] + rng.choice(new) + question[pair.end(place) :]
    return None


def _alike(new: str, old: str) -> bool:
    """Whether two words end alike, as a cheap stand-in for being the same part of speech."""
    return all(new.endswith(ending) == old.endswith(ending) for ending in ("s", "ed", "ing", "er", "est"))


def _opposite(question: str, ground: Ground, rng: Random) -> str | None:
    words = (m for m in re.finditer(r"[a-z]+(?! ?\??$)", question) if m.group() in ANTONYMS)
    spots = [word for word in words if not mentions(ground.context, [ANTONYMS[word.group()]])]
    if not spots:
        return None
    spot = rng.choice(spots)
    return question[: spot.start()] + ANTONYMS[spot.group()] + question[spot.end() :]


def _negated(question: str, ground: Ground, rng: Random) -> str | None:  # noqa: ARG001 - one signature for all kinds
    spot = re.search(rf"(?<= )(?:{'|'.join(_NEGATED)})(?= )", question)
    if spot is None or _NEGATIVE.search(question):
        return None
    return question[: spot.start()] + _NEGATED[spot.group()] + question[spot.end() :]
