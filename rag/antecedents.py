"""What is talked about: the subject of a conversation, and what a pronoun in its next question stands for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rag.mentions import Mention, is_name, mentions

_REPLY_NAMES: Final = re.compile(
    r"^(?:which|what (?!(?:is|was|are|were|do|does|did|will|has|have|had)\b))", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A question as it was understood, and what was replied; either may be empty."""

    asked: str
    reply: str = ""


def topic_of(exchanges: Sequence[Exchange], *, apart_from: str = "") -> str:
    """What the last question with a subject is about; of another kind if there is one."""
    for unwanted in dict.fromkeys((apart_from, "")):
        for exchange in reversed(exchanges):
            found = [mention for mention in mentions(exchange.asked) if mention.anchored and mention.kind != unwanted]
            if found:
                best = max(found, key=lambda mention: (_names_something(mention.full), len(mention.full)))
                return best.full
    return ""


def referent(kind: str, exchanges: Sequence[Exchange], *, without: set[str], second: bool) -> str:
    """What a pronoun of the kind stands for: what was mentioned last and fits; "" if nothing does."""
    if kind == "event":
        topic = topic_of(exchanges)
        return "" if any(used in topic or topic in used for used in without) else topic
    for exchange in reversed(exchanges):
        sides = [mentions(exchange.asked), mentions(exchange.reply)]
        if _reply_first(kind, exchange) != second:
            sides.reverse()
        fitting = [
            (
                not (mention.named if kind == "person" else mention.anchored),
                kind == "group" and not mention.plural,
                number,
                mention.start,
                mention.inside,
            )
            for number, side in enumerate(sides)
            for mention in side
            if _fits(mention, kind) and mention.inside not in without
        ]
        if fitting:
            return min(fitting)[-1]
    return ""


def _reply_first(kind: str, exchange: Exchange) -> bool:
    """Whether the pronoun rather means what was replied than what was asked about."""
    if kind == "person":
        opening = [mention for mention in mentions(exchange.reply)[:1] if mention.named and mention.kind == "person"]
        named = opening and opening[0].start == 0 and opening[0].text not in exchange.asked
        return bool(named or re.match(r"who|which|what (?:is|was) (?:the|his|her) name", exchange.asked, re.IGNORECASE))
    return kind == "place" or bool(_REPLY_NAMES.match(exchange.asked))


def _fits(mention: Mention, kind: str) -> bool:
    if re.match(r"(?:his|her|its|their|that|this|these|those)\b", mention.text, re.IGNORECASE):
        return False
    if kind == "person":
        return mention.kind in {"person", "name"} and not re.match(r"an? ", mention.text, re.IGNORECASE)
    if kind == "group":
        return mention.plural or mention.kind == "group"
    if kind == "place":
        return mention.kind != "person" and mention.named
    return mention.kind != "person" and not mention.plural


def _names_something(phrase: str) -> bool:
    return any(is_name(word) for word in phrase.split())
