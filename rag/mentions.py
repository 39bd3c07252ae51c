"""Whom and what a text mentions: names and noun phrases, found by surface forms of English, without a model.

Who led the Tern Bay clinic?   ->  the Tern Bay clinic (a thing)
It was Dr. Ilse Vandermoor.    ->  Ilse Vandermoor (a person)
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from rag.text import STOP_WORDS, words

Kind: TypeAlias = Literal["person", "name", "group", "thing"]
"""A lone name may be anyone's or anything's."""

LONGEST: Final = 7
"""Words of a noun phrase at most, without what is attached to it by a preposition."""

PRONOUNS: Final = frozenset(
    "he she it they him her them his hers its their theirs this that these those i you we me us my your our".split()  # noqa: SIM905
)
DETERMINERS: Final = frozenset({"the", "a", "an", "his", "her", "its", "their", "this", "that", "these", "those"})
_ATTACHING: Final = frozenset({"of", "in", "at", "on", "for", "from", "over", "to", "between", "near"})
_INSIDE_NAMES: Final = frozenset({"of", "de", "del", "van", "von", "der", "la", "al", "and", "the"})
_NO_NOUNS: Final = STOP_WORDS | frozenset(
    """yes no ok okay thanks sorry please according ago still ever never now really only just exactly else more most
    less least too very again later earlier once since without because however dr mr mrs ms prof sir first mean meant
    said say says tell give gave given get got make made take took taken want wanted go going gone went come came put
    let keep kept lose lost win won run ran cut shut hit sell sold buy bought pay paid build built find found hold held
    call called name send sent lead led leave left set see saw seen know known think thought begin began begun start
    stop end fall fell fallen rise rose risen grow grew grown draw drew drawn drive drove driven write wrote written
    work works live lives die dies cost costs happen happens offer offers blame blames earn earns own owns plan plans
    serve serves speak speaks stay stays move moves open opens close closes appeal argue become became agree agrees
    use uses need needs show shows shown help helps hope hopes believe believes expect expects operate operates
    """.split()  # noqa: SIM905
)
_NEVER_NAMES: Final = STOP_WORDS | {"dr", "mr", "mrs", "ms", "prof", "sir"}
_DATES: Final = frozenset(
    """january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday""".split()  # noqa: SIM905
)
_GROUPS: Final = re.compile(
    r"(?:bank|council|partners|group|company|union|lines?|institute|town|textiles|marine|lifts|ropeways|party|club|firm"
    r"|ministry|court|team|parliament|government|university|foundation|alliance|agency|board|inc|ltd|plc|police|\w+ers)$",
    re.IGNORECASE,
)
_THINGS: Final = re.compile(
    r"(?:bridge|islands?|prize|gallery|museum|river|bay|street|road|tunnel|hospital|airport|port|harbour|school|station"
    r"|park|church|lake|valley|mill|factory|act|law|award|cup|festival|day|week|war|hall|house|centre|center)$",
    re.IGNORECASE,
)
_TELLING_NOTHING: Final = frozenset(
    "other same new old whole first second third last next previous two three four former latter only such".split()  # noqa: SIM905
)
_VERB_ENDING: Final = re.compile(r"[a-z]{3,}(?:ed|ing)$")
_PERSON_HEAD: Final = re.compile(
    r"(?:\w+(?:ist|ian|eon|man|woman|or)|captain|skipper|judge|nurse|minister|president|chair|painter|director|driver"
    r"|leader|owner|manager|teacher|engineer|officer|speaker|winner|mother|father|wife|husband|son|daughter|brother"
    r"|sister|boy|girl|predecessor)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A name or noun phrase: ``text`` is a slice from ``start`` to ``end``, without a possessive ending.

    ``named`` says that a name is in it, ``anchored`` that it is clear by itself which one is meant: a name, or a
    noun with something that tells it from others. ``full`` has what prepositions attach to it.
    """

    text: str
    start: int
    end: int
    kind: Kind
    named: bool
    anchored: bool
    plural: bool
    full: str

    @property
    def inside(self) -> str:
        """The words as they stand inside a sentence, with what tells apart one that has no name."""
        text = self.text if self.named else self.full
        return text[:1].lower() + text[1:] if self.start == 0 and re.match(r"(?:The|An?) ", text) else text


def is_name(word: str, *, first: bool = False) -> bool:
    """Whether the word is written like a name; one that opens a sentence needs more than its capital."""
    lower = _bare(word).lower()
    plain = lower in (_NO_NOUNS if first else _NEVER_NAMES) or lower in _DATES or lower in PRONOUNS
    return word[:1].isupper() and not plain and (not first or len(word) > 1)


def is_noun(word: str) -> bool:
    """Whether the word may be the noun of a phrase, as far as its form tells."""
    lower = _bare(word).lower()
    return not (lower in _NO_NOUNS or lower in PRONOUNS or lower in _DATES or _VERB_ENDING.match(word) is not None)


@lru_cache(maxsize=256)
def mentions(text: str) -> tuple[Mention, ...]:
    """What the text mentions, in order; phrases do not overlap."""
    spans = words(text)
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(spans):
        stop = _phrase(text, spans, at)
        if stop > at:
            found.append((at, stop))
        at = max(stop, at + 1)
    made = []
    for number, (first, stop) in enumerate(found):
        last = stop
        for begin, end in found[number + 1 :]:
            between = text[spans[last - 1][1] : spans[begin][0]].split()
            if len(between) != 1 or between[0].lower() not in _ATTACHING:
                break
            last = end
        made.append(_mention(text, spans, first, stop, last))
    return tuple(made)


def _phrase(text: str, spans: list[tuple[int, int]], first: int) -> int:
    """The index after the last word of the phrase that begins at a word; ``first`` itself if none begins there."""
    at = first
    determined = text[slice(*spans[at])].lower() in DETERMINERS
    stop = first + determined
    at = stop
    while at < len(spans) and at - first < LONGEST:
        word = text[slice(*spans[at])]
        gap = text[spans[at - 1][1] : spans[at][0]] if at > first else ""
        if gap.strip(" &") or (at > first and text[slice(*spans[at - 1])].endswith(".")):
            break
        possessed = at > first and _possessive(text[slice(*spans[at - 1])])
        joins = word in _INSIDE_NAMES and at > first and _joins(text, spans, at)
        opens = at == 0 or text[: spans[at][0]].rstrip()[-1:] in {".", "?", "!"}
        if is_name(word, first=opens) or ((determined or possessed) and is_noun(word)):
            stop = at + 1
        elif not joins and not (determined and word.lower() in _TELLING_NOTHING):
            break
        at += 1
    return stop if stop > first + determined else first


def _joins(text: str, spans: list[tuple[int, int]], at: int) -> bool:
    """Whether a small word stands between two words of a name ("Bank of Varland")."""
    around = [text[slice(*spans[other])] for other in (at - 1, at + 1) if other < len(spans)]
    if text[slice(*spans[at])] == "and":
        return False
    return len(around) == 2 and all(is_name(word) and not _possessive(word) for word in around)


def _possessive(word: str) -> bool:
    return word.endswith(("'s", "\u2019s", "s'", "s\u2019"))


def _bare(word: str) -> str:
    return word[:-2] if word.endswith(("'s", "\u2019s")) else word


def _mention(text: str, spans: list[tuple[int, int]], first: int, stop: int, last: int) -> Mention:
    parts = [text[slice(*span)] for span in spans[first:stop]]
    start, end = spans[first][0], spans[stop - 1][0] + len(_bare(parts[-1]))
    determined = parts[0].lower() in DETERMINERS
    names = [part for part in parts if is_name(part)]
    head = _bare(parts[-1])
    before = text[:start].split()[-1:]
    full = text[start : max(end, spans[last - 1][0] + len(_bare(text[slice(*spans[last - 1])])))]
    telling = [noun for noun in parts[determined:] if noun.lower() not in _TELLING_NOTHING]
    definite = parts[0].lower() in {"the", "a", "an"}
    return Mention(
        text=text[start:end],
        start=start,
        end=end,
        kind=_kind(parts, names, head, located=bool(before) and before[0].lower() in {"in", "at", "near"}),
        named=bool(names),
        anchored=bool(names) or full != text[start:end] or (definite and len(telling) > 1),
        plural=head.endswith("s") and not head.endswith("ss") and not is_name(head),
        full=full,
    )


def _kind(parts: list[str], names: list[str], head: str, *, located: bool) -> Kind:
    if any(_GROUPS.match(_bare(part)) for part in names) or (not is_name(head) and _GROUPS.match(head)):
        return "group"
    if not is_name(head):
        return "person" if _PERSON_HEAD.match(head) else "thing"
    nouns = [part for part in parts[parts[0].lower() in DETERMINERS :] if part not in names]
    if nouns and names[0] != parts[0]:
        return "person" if any(_PERSON_HEAD.match(noun) for noun in nouns) else "thing"
    straight = parts[0].lower() in DETERMINERS and len(parts) == len(names) + 1
    if straight or located or any(_THINGS.match(_bare(part)) or _possessive(part) for part in names):
        return "thing"
    return "person" if len(names) > 1 else "name"
