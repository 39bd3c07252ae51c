"""The records that travel through the system: frozen, checked when made, offsets exact.

An answer is a slice, all the way down, and each record carries the one it was cut from::

    passage.text   == article.text[passage.start:passage.end]
    span.text      == span.hit.passage.text[span.start:span.end]
    citation.quote == citation.article.text[citation.start:citation.end]

Offsets are code points, half-open. Scores: higher is better, no unit. Only `Answer.probability` is a
probability. (One file although it is long: the records are read together.)
"""

import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

MAX_ID_LENGTH = 512
MAX_QUESTION_LENGTH = 2_000
MAX_TOP_K = 100
MAX_ANSWERS = 20
MAX_TURNS = 20
MAX_TURN_LENGTH = 8_000

AbstentionCode: TypeAlias = Literal["empty_archive", "no_passage", "no_span", "low_probability"]

# What a probability is called in words: the first bound, in percent, that it reaches counts.
LIKELIHOODS = ((85, "very likely right"), (65, "likely right"), (35, "uncertain"), (0, "unlikely right"))


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One document of the archive; ``text`` is already normalised (see `rag.text.normalise`).

    ``sha256`` is that of the text in UTF-8, so that a citation can be checked later; ``published_at`` is
    timezone-aware and kept in UTC; ``tags`` are kept in the order given, without repeats.
    """

    id: str
    title: str
    text: str
    url: str | None = None
    source: str | None = None
    author: str | None = None
    language: str | None = None
    published_at: datetime | None = None
    tags: tuple[str, ...] = ()
    sha256: str = field(init=False, default="")

    def __post_init__(self) -> None:
        _require(0 < len(self.id) <= MAX_ID_LENGTH, f"article id must have 1 to {MAX_ID_LENGTH} characters")
        _require(self.id.isprintable(), "article id must be printable")
        _require(bool(self.text.strip()), "article text must not be blank")
        _require("\x00" not in self.text + self.title, "article must not hold NUL")
        if self.published_at is not None:
            _require(self.published_at.tzinfo is not None, "published_at must carry a timezone")
            object.__setattr__(self, "published_at", self.published_at.astimezone(UTC))
        object.__setattr__(self, "tags", tuple(dict.fromkeys(self.tags)))
        object.__setattr__(self, "sha256", hashlib.sha256(self.text.encode()).hexdigest())

    @property
    def digest(self) -> str:
        """SHA-256 over the text and everything else: equal digests mean nothing changed."""
        published = self.published_at.isoformat() if self.published_at else None
        record = [
            self.id, self.title, self.sha256, self.url, self.source, self.author, self.language, published, self.tags,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(record, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A window of an article, the unit that is embedded, retrieved and read.

    ``row`` is the store's number for it, never reused; 0 until it is stored.
    """

    article_id: str
    row: int = 0
    start: int
    end: int
    text: str

    def __post_init__(self) -> None:
        _require(0 <= self.start < self.end, f"passage span {self.start}:{self.end} is empty or negative")
        _require(len(self.text) == self.end - self.start, "passage text must be as long as its span")


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A filter over articles; every given condition must hold, an empty one does not filter.

    ``published_after`` is inclusive, ``published_before`` exclusive; an article without a date passes
    neither. ``source``, ``language`` and ``ids`` ask for one of the values; ``tags`` for any of the tags;
    ``without`` leaves out articles by id.
    """

    published_after: datetime | None = None
    published_before: datetime | None = None
    source: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        bounds = self.published_after is not None or self.published_before is not None
        return bounds or bool(self.source or self.tags or self.language or self.ids or self.without)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What was said before a question, by the one who asks (``user``) or in reply (``assistant``)."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked, with nothing left open: equal queries of equal archives and models have equal results.

    ``question`` is as it came, ``asked_as`` as it is looked up.
    """

    question: str
    asked_as: str
    where: Where = Where()
    top_k: int
    max_answers: int
    min_probability: float

    def __post_init__(self) -> None:
        _require(0 < len(self.asked_as) <= MAX_QUESTION_LENGTH, "asked_as must be a question of bounded length")
        _require(1 <= self.top_k <= MAX_TOP_K, f"top_k must lie in 1 to {MAX_TOP_K}")
        _require(1 <= self.max_answers <= MAX_ANSWERS, f"max_answers must lie in 1 to {MAX_ANSWERS}")
        _require(0.0 <= self.min_probability <= 1.0, "min_probability must lie in [0, 1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A passage that a search found; ``ranks`` maps the search's name to the 1-based rank it gave."""

    passage: Passage
    score: float
    ranks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit(Match):
    """A match that was kept to be read, with its article; ``rank`` is its place among those kept, from 1."""

    article: Article
    rank: int

    def __post_init__(self) -> None:
        passage = self.passage
        _require(passage.article_id == self.article.id, "a hit's article must be that of its passage")
        _require(
            self.article.text[passage.start : passage.end] == passage.text,
            "a hit's passage must be its article's words",
        )

    @classmethod
    def of(cls, text: str, *, rank: int = 1) -> "Hit":
        """A text as if it had been retrieved: an article of nothing else, and a passage that is all of it."""
        passage = Passage(article_id="text", start=0, end=len(text), text=text)
        return cls(passage=passage, score=0.0, article=Article(id="text", title="", text=text), rank=rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A possible answer inside the passage of a hit.

    ``score`` is the sum of the start and end logits less the no-answer logit: above 0 leans to an answer,
    and spans from different passages of one question can be compared.
    """

    hit: Hit
    start: int
    end: int
    score: float

    def __post_init__(self) -> None:
        _require(0 <= self.start < self.end <= len(self.hit.passage.text), "span must lie inside its passage")

    @property
    def text(self) -> str:
        """The words of the passage that the span covers."""
        return self.hit.passage.text[self.start : self.end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A place in an article, quoted: ``source[start:end] == quote``, always.

    ``source`` is the article's text, or its title if ``part`` says so. ``before`` and ``after`` are its words
    around the quote, up to the ends of the sentence.
    """

    article: Article
    part: Literal["text", "title"] = "text"
    start: int
    end: int
    quote: str
    before: str = ""
    after: str = ""

    def __post_init__(self) -> None:
        source = self.source
        _require(0 <= self.start < self.end <= len(source), "citation must lie inside its article")
        _require(source[self.start : self.end] == self.quote, "quote must be the article's own words")
        _require(source[: self.start].endswith(self.before), "before must be what stands before the quote")
        _require(source[self.end :].startswith(self.after), "after must be what stands after the quote")

    @property
    def source(self) -> str:
        """What the offsets count."""
        return self.article.title if self.part == "title" else self.article.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One distinct answer with every place that says it, best place first; ``text == citations[0].quote``.

    ``kind`` is ``span`` for words that answer by themselves, ``evidence`` for a sentence that decides;
    ``features`` are what the probability was told from (see `rag.features`).
    """

    kind: Literal["span", "evidence"] = "span"
    text: str
    probability: float
    score: float
    citations: tuple[Citation, ...]
    features: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require(bool(self.citations) and self.text == self.citations[0].quote, "an answer is its first citation")
        _require(0.0 <= self.probability <= 1.0, "probability must lie in [0, 1]")

    @property
    def likelihood(self) -> str:
        """The probability in words; what rounds to the same percentage is called the same."""
        return next(words for bound, words in LIKELIHOODS if round(100 * self.probability) >= bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a probability depends on beside the question and the archive: fingerprints, and how much is read."""

    reader: str
    retriever: str
    embedder: str
    chunker: str
    top_k: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Of the answers given from a probability on, at most ``wrong_at_most`` are wrong, with this confidence.

    It was tested on answers that the curve was not fitted on: ``given`` of them were that probable, and
    ``wrong`` of those were wrong.
    """

    wrong_at_most: float
    confidence: float
    min_probability: float
    given: int
    wrong: int

    @property
    def words(self) -> str:
        """What is promised, in words."""
        return (
            f"at most {100 * self.wrong_at_most:g} % of the answers given are wrong, "
            f"with {100 * self.confidence:g} % confidence"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Where probabilities come from.

    ``name`` says what the curve was fitted on; ``provisional`` that it was fitted for another setup than the
    one in use, which promises nothing.
    """

    name: str
    fingerprint: str
    provisional: bool
    promise: Promise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """Why there is no answer: a code for programs, a sentence for people."""

    code: AbstentionCode
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a question.

    ``answers`` is empty exactly when there is an ``abstention``; then ``candidates`` holds what might have been
    an answer but is too improbable, and ``nearest`` the passages that came closest. ``timings`` maps a stage to
    milliseconds. ``fingerprint`` is a key over the archive's state, the models, their settings and the query:
    equal ones have equal answers.
    """

    query: Query
    answers: tuple[Answer, ...]
    abstention: Abstention | None
    candidates: tuple[Answer, ...] = ()
    nearest: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    timings: Mapping[str, float]
    fingerprint: str
    calibration: Calibration

    def __post_init__(self) -> None:
        _require(bool(self.answers) == (self.abstention is None), "abstaining is having no answer")

    @property
    def question(self) -> str:
        """The question as it came."""
        return self.query.question

    @property
    def asked_as(self) -> str:
        """The question as it was looked up."""
        return self.query.asked_as

    @property
    def reason(self) -> str | None:
        """Why there is no answer, in a sentence; None if there is one."""
        return self.abstention.reason if self.abstention else None

    @property
    def abstained(self) -> bool:
        """Whether the archive was found not to say."""
        return not self.answers

    def _repr_html_(self) -> str:
        """The answers with their quotes highlighted, for notebooks; article text is escaped."""
        rows = [f"<p><strong>{html.escape(self.question)}</strong></p>"]
        if self.abstained:
            rows.append(f"<p><em>{html.escape(self.reason or '')}</em></p>")
        for answer in self.answers:
            chance = f"{answer.likelihood}, probability {answer.probability:.2f}"
            rows.append(f"<p><b>{html.escape(answer.text)}</b> <small>{chance}</small></p>")
            rows.extend(_quote_html(citation) for citation in answer.citations)
        return "".join(rows + [_quote_html(citation) for citation in self.nearest])


def _quote_html(citation: Citation) -> str:
    before, quote, after = (html.escape(part) for part in (citation.before, citation.quote, citation.after))
    published = citation.article.published_at
    origin = [citation.article.title, citation.article.source, f"{published:%Y-%m-%d}" if published else None]
    caption = html.escape(" · ".join(part for part in origin if part))
    return f"<blockquote>{before}<mark>{quote}</mark>{after}<br><small>{caption}</small></blockquote>"
