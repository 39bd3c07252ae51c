"""A question as it would be asked without what was said before it: by rules of form, without a language model.

    Who led the Tern Bay clinic? - Ilse Vandermoor.   And how old is she?  ->  How old is Ilse Vandermoor?
    How much did the Celandine carry? - 2,000 tonnes. What about the Orla? ->  How much did the Orla carry?

A question leans on the conversation if it is a fragment, has a pronoun with nothing before it in the question that it
can stand for, or has no name and nothing else that tells what it is about. Pronouns are replaced by what was mentioned
last and fits them, a fragment takes the place of its like in the question before, and what is left open is attached to
the subject of the question before. Everything else stays as it is.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rag.antecedents import Exchange, referent, topic_of
from rag.mentions import Mention, is_noun, mentions
from rag.question import question_proper
from rag.text import normalise, words
from rag.types import MAX_QUESTION_LENGTH, Turn

LONGEST_REPLY: Final = 500
"""Characters of a reply that are looked at."""

LONGEST_FOLLOW_UP: Final = 300
"""Characters from which on a question tells enough to stand alone."""

MOST_NOUNS: Final = 2
"""Nouns up to which a question without any name is about the subject of the one before."""

LONGEST_FRAGMENT: Final = 6
"""Words up to which words without a verb take a place in the question before."""

_STEPS: Final = 4
_ASKING: Final = r"(?:who|whom|whose|what|when|where|why|which|how)"
_VERB: Final = (
    r"(?:is|are|was|were|am|be|has|have|had|do|does|did|will|would|can|could|shall|should|may|might|must)\b(?:n't)?"
)
_HAS_VERB: Final = re.compile(rf"\b{_VERB}", re.IGNORECASE)
_PREPOSITION: Final = r"(?:in|on|at|to|for|from|by|of|with|under|since|until|after|before|without|during|according to)"
_ASKS: Final = re.compile(rf"(?:{_PREPOSITION} )?{_ASKING}\b|{_VERB}", re.IGNORECASE)
_SILENCE: Final = re.compile(
    r"^(?:the archive|no passage of the archive|the passages found|the likeliest answer found)\b", re.IGNORECASE
)
_LEAD: Final = re.compile(
    r"^(?:(?:and|but|so|or|no|yes|ok|okay|oh|well|sorry|thanks|thank you|right|great|i see|hm+)\b"
    r"[\s,.!;:\u2013\u2014-]*)+",
    re.IGNORECASE,
)
_MEANT: Final = re.compile(r"^i (?:mean|meant|was asking about)\s+", re.IGNORECASE)
_MEANT_BEHIND: Final = re.compile(r",? i (?:mean|meant)$", re.IGNORECASE)
_ABOUT: Final = re.compile(r"^(?:what|how) about (?P<subject>.+)$", re.IGNORECASE)
_DISLOCATED: Final = re.compile(rf"^(?P<subject>[^,]+), (?P<clause>{_ASKING}\b.+)$", re.IGNORECASE)
_OPEN_QUESTION: Final = re.compile(
    rf"^(?P<asking>(?:{_PREPOSITION} )?{_ASKING}(?: (?:much|many|long|far|old|often|soon|exactly|not|else|come|for))*"
    r"(?: so(?: much)? \w+)?)"
    r"(?:(?: was| is|['\u2019]s) (?:that|this)| (?:did|does) (?:that|this|it) happen)?$",
    re.IGNORECASE,
)
_ASKED: Final = re.compile(
    rf"^(?P<asking>(?:{_PREPOSITION} )?{_ASKING}\b.*?) (?P<verb>{_VERB}|['\u2019]s\b) (?P<rest>.+)$", re.IGNORECASE
)
_SUBJECT_ASKED: Final = re.compile(
    rf"^(?:(?:which|what|how many|how much) [\w'-]+|{_ASKING}) (?P<rest>.+)$", re.IGNORECASE
)
_SUPERLATIVE: Final = re.compile(r"\bthe (?:[a-z]{3,}est|(?:most|least) [a-z]+|first|last)\b", re.IGNORECASE)
_PRONOUN: Final = re.compile(
    r"\b(?:(?P<person>he|she|him|his|her|hers)|(?P<thing>it|its)|(?P<group>they|them|their|theirs)"
    r"|(?P<place>there(?! (?:is|are|was|were|be|been)\b|,? (?:at|in|on)\b))"
    r"|(?P<event>(?:(?<=\bdid )|(?<=\bdoes )|(?<=\bis )|(?<=\bwas )|(?<=\bthan )|(?<=\bof )|(?<=\bfor )|(?<=\babout )"
    r"|(?<=\bafter )|(?<=\bbefore ))(?:that|this)|(?:that|this)$))"
    r"(?=['\u2019](?:s|d|ll|re|ve)\b|\W|$)",
    re.IGNORECASE,
)
_THERE_IS: Final = re.compile(rf"\b(?:{_VERB} there|(?:is|are|was|were) there\.)$", re.IGNORECASE)
_LOCATING: Final = re.compile(r"\b(?:from|through|over|near|to|around|under|in|at) $", re.IGNORECASE)
_POSSESSIVES: Final = frozenset({"his", "its", "their"})
_WHO_IS: Final = re.compile(r"^(?:who|what) (?:is|was|are|were) (?!the\b|an?\b)[\w'-]+ [\w'-]+$", re.IGNORECASE)
_IMPERSONAL: Final = re.compile(
    r"\bit (?:(?:takes?|took|costs?)\b.* to \w"
    r"|(?:true|possible|necessary|legal|allowed|clear|known|likely|safe|hard|easy) (?:that|to|for)\b|rain|snow)",
    re.IGNORECASE,
)
_BACKGROUND: Final = re.compile(rf"^(?:when|while|if|as|despite|{_PREPOSITION})\b[^,]+, ", re.IGNORECASE)
# Asks for what is so in general ("How do vaccines work?", "What causes inflation?").
_GENERAL: Final = re.compile(r"^(?:(?:what|how|why) )?(?:do|does|can|causes?)\b", re.IGNORECASE)


def standalone(question: str, history: Sequence[Turn]) -> str:
    """The question with what it takes from the history put into it; the question itself if it stands alone.

    ``question`` is a question proper. Never blank, never longer than `MAX_QUESTION_LENGTH`; the result stands alone,
    so that taking it again changes nothing.
    """
    return _settled(question, _exchanges(history))


def _exchanges(history: Sequence[Turn]) -> list[Exchange]:
    """What was asked, each question understood in its own history, and what was replied."""
    exchanges: list[Exchange] = []
    for turn in history:
        said = " ".join(normalise(turn.content).split())
        if turn.role == "user" and said:
            asked = question_proper(said[:MAX_QUESTION_LENGTH])[:MAX_QUESTION_LENGTH]
            exchanges.append(Exchange(asked=_settled(asked, exchanges)))
        elif exchanges and not _SILENCE.match(said):
            exchanges[-1] = replace(exchanges[-1], reply=said[:LONGEST_REPLY])
    return exchanges


def _settled(question: str, exchanges: Sequence[Exchange]) -> str:
    """The question rewritten until it stands alone; as it was if that does not come to an end."""
    text = question
    for _ in range(_STEPS if exchanges and len(question) <= LONGEST_FOLLOW_UP else 0):
        rewritten = _rewritten(text, exchanges)
        if rewritten == text:
            return text
        if len(rewritten) > LONGEST_FOLLOW_UP:
            break
        text = rewritten
    return question


def _rewritten(question: str, exchanges: Sequence[Exchange]) -> str:
    """The question after one step; unchanged if it stands alone."""
    bare = question.rstrip(" ?.!")
    lead = _LEAD.match(bare)
    body = bare[lead.end() :] if lead else bare
    if lead:
        body = question_proper(body).rstrip(" ?.!")
    corrected = _MEANT_BEHIND.sub("", _MEANT.sub("", body))
    if not corrected:
        return question
    continues = bool(lead) or corrected != body
    if corrected != body and re.match(_ASKING, corrected, re.IGNORECASE):
        corrected = question_proper(f"Tell me {corrected}").rstrip("?")
    made = (
        _in_place(corrected, exchanges, continues=continues)
        or _without_pronouns(corrected, exchanges)
        or _attached(corrected, exchanges)
    )
    return _sentence(made) if made else question


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(" ?.!,") + "?"


def _in_place(text: str, exchanges: Sequence[Exchange], *, continues: bool) -> str:
    """A fragment completed by the question before; "" if the text is none."""
    before = exchanges[-1].asked.rstrip(" ?.!")
    apart = _DISLOCATED.match(text)
    pronoun = _PRONOUN.search(apart["clause"]) if apart else None
    if apart and pronoun and not _HAS_VERB.search(apart["subject"]) and not _BACKGROUND.match(text):
        return _put(apart["clause"], pronoun, _ABOUT.sub(r"\g<subject>", apart["subject"]))
    if open_question := _OPEN_QUESTION.match(text):
        return _asked_otherwise(before, open_question["asking"], exchanges[-1])
    about = _ABOUT.match(text)
    short = len(text.split()) <= LONGEST_FRAGMENT and not _ASKS.match(text) and not _HAS_VERB.search(text)
    if about or (continues and short):
        return _with(before, about["subject"] if about else text, exchanges)
    return ""


def _with(before: str, fragment: str, exchanges: Sequence[Exchange]) -> str:
    """The question before with the fragment in it."""
    if re.match(rf"{_PREPOSITION}\b", fragment, re.IGNORECASE):
        return _placed(before, fragment)
    fragment = _without_pronouns(fragment, exchanges) or fragment
    extreme = _SUPERLATIVE.search(before)
    if extreme and _SUPERLATIVE.fullmatch(fragment):
        return f"{before[: extreme.start()]}{fragment}{before[extreme.end() :]}"
    if not any(is_noun(word) for word in fragment.split()) or not mentions(f"the {fragment}"):
        return f"{before} {fragment}"
    return _exchanged(before, fragment, exchanges)


def _asked_otherwise(before: str, asking: str, exchange: Exchange) -> str:
    """The question before with other question words."""
    asked = _ASKED.match(before)
    if asked and mentions(asked["rest"]):
        verb = asked["verb"].replace("'s", "is").replace("\u2019s", "is")
        return f"{asking} {verb} {asked['rest']}"
    subject = _SUBJECT_ASKED.match(before)
    named = next((found.inside for found in mentions(exchange.reply) if found.named), "")
    named = "" if asking.lower().startswith(("who", "what", "which")) else named
    return f"{asking} {named} {subject['rest']}".replace("  ", " ") if subject else f"{asking} {before}"


def _placed(before: str, phrase: str) -> str:
    """The question before with another circumstance."""
    preposition = phrase.split(maxsplit=1)[0].lower()
    opposite = {"before": "after", "after": "before"}.get(preposition)
    if opposite and not mentions(phrase) and re.search(rf"\b{opposite}\b", before):
        return re.sub(rf"\b{opposite}\b", preposition, before)
    return f"{before} {phrase}"


def _exchanged(before: str, subject: str, exchanges: Sequence[Exchange]) -> str:
    """The question before with the subject in the place of its like."""
    own = mentions(subject)
    named = any(mention.named for mention in own)
    asked = _ASKED.match(before)
    after = asked.start("rest") if asked else 0
    found = [mention for mention in mentions(before) if mention.start >= after] or mentions(before)
    if not found:
        return f"{before} {subject}"
    place = found[0]
    topic = re.split(r"['\u2019]s ", place.inside)[0] if place.named else topic_of(exchanges)
    given = subject if named or not topic else f"{subject} of {topic}"
    end = place.end if place.named else place.start + len(place.full)
    return f"{before[: place.start]}{given}{before[end:]}"


def _without_pronouns(text: str, exchanges: Sequence[Exchange]) -> str:
    """The text with its pronouns replaced by what they stand for; "" if none stands for anything outside it."""
    own = mentions(text)
    pronouns = [found for found in _PRONOUN.finditer(text) if _open(found, text, own)]
    referents: dict[int, str] = {}
    here = {mention.inside for mention in own}
    for pronoun in sorted(pronouns, key=lambda found: (found.lastgroup == "event", -found.start())):
        taken = set(referents.values())
        found = referent(pronoun.lastgroup or "", exchanges, without=here | taken, second=bool(taken))
        referents[pronoun.start()] = found
    for pronoun in reversed(pronouns):
        if referents[pronoun.start()]:
            text = _put(text, pronoun, referents[pronoun.start()])
    return text if any(referents.values()) else ""


def _open(pronoun: "re.Match[str]", text: str, own: Sequence[Mention]) -> bool:
    """Whether the pronoun stands for nothing in its own question."""
    if pronoun.lastgroup == "thing" and any(found.start() == pronoun.start() for found in _IMPERSONAL.finditer(text)):
        return False
    background = _BACKGROUND.match(text)
    if background and pronoun.start() < background.end() and any(mention.named for mention in own):
        return False
    following = re.match(r" ([\w'-]+)", text[pronoun.end() :])
    if pronoun.lastgroup == "event":
        return not (following and is_noun(following[1]))
    if pronoun.lastgroup == "place":
        return not _THERE_IS.search(text[: pronoun.end()] + ("" if text[pronoun.end() :] else "."))
    owned_by_who = pronoun[0].lower() in {*_POSSESSIVES, "her"} and not _HAS_VERB.search(text[: pronoun.start()])
    if owned_by_who and any(mention.anchored for mention in own):  # "How many people lose their jobs at Corvane?"
        return False
    before = [mention for mention in own if mention.end <= pronoun.start()]
    compared = re.search(r"\b(?:before|after|than) $", text[: pronoun.start()])
    return not any(mention.named or not compared for mention in before)


def _put(text: str, pronoun: "re.Match[str]", referent: str) -> str:
    """The text with the referent in the place of the pronoun, in the genitive if the pronoun is."""
    behind = text[pronoun.end() :]
    word = pronoun[0].lower()
    following = re.match(r" ([\w'-]+)", behind)
    owns = word in _POSSESSIVES or (word == "her" and following is not None and is_noun(following[1]))
    ending = "'s" if owns or word in {"hers", "theirs"} else ""
    behind = re.sub(r"^['\u2019]s\b", " is", behind)
    if pronoun.lastgroup == "place" and not _LOCATING.search(text[: pronoun.start()]):
        referent = f"{'at' if referent.lower().startswith('the ') else 'in'} {referent}"
    return f"{text[: pronoun.start()]}{referent}{ending}{behind}"


def _attached(text: str, exchanges: Sequence[Exchange]) -> str:
    """The text with the subject of the question before, if it has none of its own; "" if it has."""
    own = mentions(text)
    nouns = [text[start:end] for start, end in words(text) if is_noun(text[start:end])]
    if any(mention.anchored for mention in own) or re.search(r"\d{3}|\d [A-Z]|&", text) or _WHO_IS.match(text):
        return ""
    if not _ASKS.match(text) or len(nouns) > MOST_NOUNS + bool(own):
        return ""
    topic = topic_of(exchanges, apart_from="person" if own and own[0].kind in {"person", "group"} else "")
    if not topic:
        return ""
    one = re.search(r"\b(?:ones?|then)\b", text, re.IGNORECASE)
    if own and not one:
        behind = text[own[0].end :]
        return "" if re.match(r" of \w", behind) else f"{text[: own[0].end]} of {topic}{behind}"
    return f"{text} for {topic}" if one or not nouns or not _GENERAL.match(text) else ""
