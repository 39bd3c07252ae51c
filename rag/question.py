"""The question proper: what is asked, without greetings, thanks, requests to be told, and background.

    Please tell me when the Kestrel Bridge was opened, thank you!   ->  When was the Kestrel Bridge opened?
    My aunt needs a new wheel. Who runs the bicycle shop?           ->  Who runs the bicycle shop?

Retrieval, reading and the probability all look at it alone, so that manners and stories change no answer. The
rule is one of surface forms of English: where it is not sure, it leaves the question as it is.
"""

import re
from typing import Final

from rag.text import sentences

_ASKING: Final = r"who|whom|whose|what|when|where|why|which|how"
_VERB: Final = r"is|are|was|were|am|be|has|have|had|do|does|did|will|would|can|could|shall|should|may|might|must"
_GREETING: Final = re.compile(
    r"^(?:(?:good (?:morning|afternoon|evening|day)|hello|hi|hey|dear \w+|excuse me"
    r"|(?:i am |i'm )?sorry(?: to (?:bother|trouble) you)?)"
    r"(?: (?:there|everyone|all|again))?(?:[\s,.!:;\u2013\u2014-]+|$))+",
    re.IGNORECASE,
)
_FILLER: Final = re.compile(r"^(?:(?:so|and|but|ok(?:ay)?|well|now|then|also)[\s,]+)+", re.IGNORECASE)
# "One more thing:", "For a piece I am writing:", in front of a question.
_LABEL: Final = re.compile(r"^[^:?!.\"\u201c\d]{1,60}:\s+(?=\S)")
# What may stand between a request and what is requested: "tell me, if you know, when ...".
_ASIDE: Final = (
    r"(?:,? ?(?:please|kindly|again|exactly|maybe|perhaps|if (?:you know|possible|you (?:can|could|would))),?)*"
)
# Who may want to know: not "the mayor", of whom the question may be.
_WHO: Final = (
    r"(?:i|we|you|anyone|anybody|someone|somebody|(?:my|our) [\w'\u2019-]+(?: [\w'\u2019-]+)?"
    r"|(?:the|your|this|that) (?:archive|article|paper|text|desk|record|report|document|source|collection|library)s?)"
)
_WANTS: Final = (
    r"(?:know|knows|knew|say|says|said|ask|asks|asked|asking|tell|tells|told|wonder|wonders|wondering|wondered"
    r"|learn|explain|find out|found out|figure out|look up|check|remember|recall|remind|inform|see|hear"
    r"|states?|mentions?"
    r"|looking for|interested in|interested to know|curious(?: about| to know)?|let me know|help me find out|show)"
)
_REQUESTS: Final = (
    rf"(?:(?:do|does|did|can|could|would|will|may|might) )?{_WHO}(?:['\u2019](?:d|m|s|re|ve|ll))?"
    rf"(?: [\w'\u2019]+){{0,5}}?{_ASIDE} {_WANTS}",
    r"(?:please |kindly |just )*"
    r"(?:tell|remind|inform|show|explain|say|(?:help me )?find out|look up|check|let me know)",
    r"(?:any idea|(?:(?:my|our|the) )?question(?: is)?)",
)
_REQUEST: Final = re.compile(
    rf"^(?:please|kindly)?[\s,]*(?:{'|'.join(_REQUESTS)})"
    rf"(?: (?:to )?(?:know|learn|find out|hear|understand|ask|see|be told|me|us|about|in|you))*{_ASIDE}[\s,:]+"
    rf"(?=(?:(?:in|on|at|to|for|from|by|of|with) )?(?:{_ASKING})\b)",
    re.IGNORECASE,
)
_THANKS: Final = re.compile(
    r"[\s,.;!?\u2013\u2014-]{0,10}\b(?:(?:please|kindly)(?: [a-z]+){0,4}|cheers|if possible|do you know|can you tell me"
    r"|if you (?:know|can|could|please)|i can['\u2019]t remember|i wonder|(?:best |kind |warm )?(?:regards|wishes)"
    r"|(?:many |with )?thank(?:s|ing)?(?: you)?(?: (?:very|so) much| a lot| in advance| again)?)[\s.!?]*$",
    re.IGNORECASE,
)
_LEADING_PLEASE: Final = re.compile(r"^(?:please|kindly)[\s,]+", re.IGNORECASE)
_OPENS: Final = re.compile(
    rf"^(?:(?:in|on|at|to|for|from|by|of|with|under|about|since|until)\ )?(?:{_ASKING}|{_VERB})\b", re.IGNORECASE
)
_ASKS: Final = re.compile(rf"\b(?:{_ASKING})\b", re.IGNORECASE)
_POINTS_BACK: Final = re.compile(
    r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|these|those)\b"
    r"|\b(?:about|after|at|before|by|for|from|in|of|on|to|with) (?:that|this)\b",
    re.IGNORECASE,
)
# The question words of a clause, up to where its subject would start.
_STARTS_NAME: Final = r"(?=(?:the|an?|his|her|its|their) |[A-Z])"
_HEAD: Final = re.compile(
    r"(?:(?:in|on|at|to|for|from|by|of|with) )?"
    r"(?:how much (?=(?:the|an?|his|her|its|their) )|how (?:many|much) (?!of )[a-z]+ "
    r"|how (?:long|far|often|old|big|high|tall|large|fast|soon|wide|deep|much|many) "
    rf"|(?:what|which) [a-z]+ {_STARTS_NAME}|(?:who|whom|what|when|where|why|how) )"
)
_IS_VERB: Final = re.compile(rf"(?:{_VERB})$", re.IGNORECASE)
_IS_SUBJECT: Final = re.compile(
    r"(?:the|an?|this|that|these|those|his|her|its|their|our|my|your|he|she|it|they|we|you|I|[A-Z\d][\w'\u2019-]*)$"
)
_RELATIVE: Final = frozenset({"that", "which", "who", "whom", "whose", "where", "when", "said", "and"})


def question_proper(text: str) -> str:
    """What is asked, as a question of one line; ``text`` is normalised and has no line breaks.

    A text without anything that looks like a question is given back as it is.
    """
    asking = _last_question(text) or text
    bare = _without_manners(asking)
    if not _OPENS.match(bare):
        return bare
    if _REQUEST.match(_without_label(_GREETING.sub("", asking))):
        bare = _in_order(bare.rstrip(" .!?,;:"))
    return bare[:1].upper() + bare[1:].rstrip(" .!?,;:") + "?"


def _last_question(text: str) -> str:
    """The last sentence that asks, with what stands before it if it points back to that; "" if none asks."""
    spans = sentences(text)
    for number in range(len(spans) - 1, -1, -1):
        sentence = text[spans[number][0] : spans[number][1]]
        bare = _without_manners(sentence)
        asks = sentence.endswith("?") or bare != sentence or number == len(spans) - 1
        if not asks or not (_OPENS.match(bare) or (bare.endswith("?") and _ASKS.search(bare))):
            continue
        points_back = number and _POINTS_BACK.search(bare) and not _names_something(bare)
        return text[: spans[number][1]] if points_back else sentence
    return ""


def _without_manners(text: str) -> str:
    """The text without a greeting, a label or a request in front, and thanks behind; never blank."""
    while True:
        shorter = _THANKS.sub(lambda thanks: "?" if "?" in thanks[0] else "", text)
        shorter = _without_label(_without_filler(_GREETING.sub("", shorter)))
        shorter = _LEADING_PLEASE.sub("", _REQUEST.sub("", shorter)).strip(" ,;:")
        if shorter == text or not shorter.strip("?"):
            return text
        text = shorter


def _without_filler(text: str) -> str:
    """The text without "so", "but" and the like in front of a question; a fragment ("And the surgeon?") keeps them."""
    rest = _FILLER.sub("", text)
    return rest if _OPENS.match(rest) or _REQUEST.match(rest) else text


def _without_label(text: str) -> str:
    """The text without a label in front of a question."""
    label = _LABEL.match(text)
    if label is None or _ASKS.search(label[0]):
        return text
    rest = text[label.end() :]
    return rest if _OPENS.match(rest) or _REQUEST.match(rest) or rest.rstrip().endswith("?") else text


def _names_something(question: str) -> bool:
    """Whether the question has a name of its own, which a pronoun in it can stand for."""
    return any(word[:1].isupper() and word != "I" for word in question.split()[1:])


def _in_order(clause: str) -> str:
    """The word order of a question for that of a clause: "when the bridge was opened" -> "when was the bridge opened".

    Only where the subject follows the question words at once; other clauses stay as they are.
    """
    head = _HEAD.match(clause)
    if not head:
        return clause
    subject = clause[head.end() :].split(" ")
    verb = next((at for at, word in enumerate(subject) if _IS_VERB.match(word)), 0)
    if not verb or not _IS_SUBJECT.match(subject[0]) or _RELATIVE & {word.lower() for word in subject[:verb]}:
        return clause
    return head[0] + " ".join([subject[verb], *subject[:verb], *subject[verb + 1 :]])
