"""What travels over HTTP: requests, which refuse what they do not know, and responses.

Offsets are code points of the article's ``text`` as ``GET /v1/articles/{id}`` gives it, half-open.
Times are ISO 8601; one without a zone is read as UTC.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from rag.pipeline import MAX_QUESTION_LENGTH
from rag.types import MAX_ID_LENGTH, Where

COLLECTION_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"
MOST_VALUES = 1_000
MOST_ARTICLES = 10_000


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("must be an ISO 8601 date or time, in quotes")  # noqa: TRY004 - pydantic reports ValueError
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be an ISO 8601 date or time, like 2024-05-31 or 2024-05-31T18:00:00Z") from None


def _encodable(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must not hold half of a surrogate pair") from None
    return value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Collection = Annotated[
    Annotated[str, Field(pattern=COLLECTION_PATTERN)] | None,
    Field(description="Collection, `a-z 0-9 _ -`; without it, the one the service was started with."),
]
Text = Annotated[str, AfterValidator(_encodable)]
ArticleId = Annotated[str, Field(min_length=1, max_length=MAX_ID_LENGTH)]
Moment = Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=str)]
Values = Annotated[
    list[Annotated[Text, Field(min_length=1, max_length=MAX_ID_LENGTH)]],
    Field(max_length=MOST_VALUES),
    BeforeValidator(_as_list, json_schema_input_type=str | list[str]),
]


class Request(BaseModel):
    """A request body or query."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class WhereFilter(Request):
    """Which articles to look at; every given condition must hold."""

    published_after: Moment | None = Field(
        default=None, description="Published at this time or later.", examples=["2024-01-01"]
    )
    published_before: Moment | None = Field(
        default=None, description="Published before this time.", examples=["2025-01-01T00:00:00Z"]
    )
    source: Values = Field(default=[], description="One of these sources: a string or a list.")
    tags: Values = Field(default=[], description="Any of these tags: a string or a list.")
    language: Values = Field(default=[], description="One of these languages: a string or a list.")
    ids: Values = Field(default=[], description="One of these article ids: a string or a list.")

    def condition(self) -> Where:
        """The filter as the index takes it."""
        return Where(
            published_after=self.published_after,
            published_before=self.published_before,
            source=tuple(self.source),
            tags=tuple(self.tags),
            language=tuple(self.language),
            ids=tuple(self.ids),
        )


class SearchRequest(Request):
    """A question whose passages are wanted."""

    question: Text = Field(description=f"The question, 1 to {MAX_QUESTION_LENGTH} characters.")
    collection: Collection = None
    top_k: int | None = Field(default=None, ge=1, le=100, description="Passages to find; the service has a default.")
    where: WhereFilter | None = Field(default=None, description="Filter, applied inside the search.")

    @property
    def condition(self) -> Where | None:
        """The filter as the index takes it; None if it does not filter."""
        return self.where.condition() or None if self.where else None


class AskRequest(SearchRequest):
    """A question that wants an answer."""

    max_answers: int | None = Field(default=None, ge=1, le=20, description="Distinct answers to give at most.")
    min_probability: float | None = Field(
        default=None, ge=0, le=1, description="Below this probability the archive is said not to say."
    )
    include: list[Literal["passages"]] = Field(
        default=[], max_length=1, description="`passages`: also give the passages that were read."
    )


class TextQuoteSelector(BaseModel):
    """The quote with a little of what stands around it (W3C Web Annotation Data Model)."""

    type: Literal["TextQuoteSelector"] = "TextQuoteSelector"
    exact: str
    prefix: str
    suffix: str


class TextPositionSelector(BaseModel):
    """The quote by its offsets in the article's text (W3C Web Annotation Data Model)."""

    type: Literal["TextPositionSelector"] = "TextPositionSelector"
    start: int
    end: int


class CitationView(BaseModel):
    """A place in an article: the article's ``text[start:end]`` is ``quote``, always."""

    article_id: str
    title: str
    url: str | None
    source: str | None
    author: str | None
    published_at: datetime | None
    sha256: str = Field(description="SHA-256 of the article's text in UTF-8, to check the quote against later.")
    start: int = Field(description="First code point of the quote in the article's text.")
    end: int = Field(description="Code point after the last one of the quote.")
    quote: str
    before: str = Field(description="The rest of the sentence before the quote.")
    after: str = Field(description="The rest of the sentence after the quote.")
    selectors: tuple[TextQuoteSelector, TextPositionSelector]
    link: str | None = Field(description="The url with a text fragment that opens it at the quote.")


class AnswerView(BaseModel):
    """A distinct answer and every place that says it, the best place first."""

    text: str
    probability: float = Field(description="That the answer is right, 0 to 1; `calibration` says how it was fitted.")
    score: float = Field(description="The reader's score, without a unit; above 0 leans to an answer.")
    citations: list[CitationView]


class PassageView(BaseModel):
    """A retrieved passage: the article's ``text[start:end]`` is ``text``."""

    article_id: str
    title: str
    url: str | None
    source: str | None
    published_at: datetime | None
    sha256: str
    start: int
    end: int
    text: str
    score: float = Field(description="The retriever's score, without a unit, higher is better.")
    ranks: dict[str, int] = Field(description="The place, from 1, that each retriever gave it.")


class AskResponse(BaseModel):
    """What became of a question: answers, or a reason why there is none."""

    question: str
    asked_as: str = Field(description="The question as it was looked up.")
    abstained: bool = Field(description="True if the archive does not say; then `answers` is empty.")
    reason: str | None = Field(description="Why there is no answer; null if there is one.")
    answers: list[AnswerView] = Field(description="Best first.")
    nearest: list[CitationView] = Field(description="The passages that came closest, if there is no answer.")
    passages: list[PassageView] | None = Field(
        default=None, description="The passages that were read, best first, if asked for with `include`."
    )
    timings: dict[str, float] = Field(description="Milliseconds a stage took.")
    fingerprint: str = Field(description="Names the models, settings and index version: equal ones answer equally.")
    calibration: str = Field(description="What the probabilities were fitted on.")


class SearchResponse(BaseModel):
    """Passages, best first."""

    question: str
    passages: list[PassageView]


class ArticleContent(Request):
    """An article without its id."""

    title: str = Field(description="Headline; embedded with every passage, never quoted.")
    text: str = Field(description="The article. It is stored normalised (NFC, line feeds); offsets count that text.")
    url: str | None = Field(default=None, description="Where it was published.")
    source: str | None = Field(default=None, description="Who published it.")
    author: str | None = Field(default=None, description="Who wrote it.")
    language: str | None = Field(default=None, description="Language code, such as `en`.")
    published_at: str | None = Field(default=None, description="When it was published; kept in UTC.")
    tags: list[str] = Field(default=[], description="Labels to filter by.")


class ArticleRecord(ArticleContent):
    """An article to store."""

    id: ArticleId = Field(description="Any printable name, slashes too; the same id replaces.")


class ArticlesRequest(Request):
    """Articles to store."""

    articles: list[ArticleRecord] = Field(max_length=MOST_ARTICLES)


class RejectedArticle(BaseModel):
    """An article that was not stored, and why."""

    id: str = Field(description="The article's id, or where it stood if it has none.")
    code: str
    message: str


class ArticlesResponse(BaseModel):
    """What became of the articles; those counted are durable, and the next question finds them."""

    added: int
    replaced: int
    unchanged: int
    rejected: list[RejectedArticle]


class ArticleSummary(BaseModel):
    """An article without its text."""

    id: str
    title: str
    url: str | None
    source: str | None
    author: str | None
    language: str | None
    published_at: datetime | None
    tags: list[str]
    sha256: str
    length: int = Field(description="Code points of the text.")


class ArticleView(ArticleSummary):
    """An article exactly as offsets count it."""

    text: str


class ArticlePage(BaseModel):
    """Articles sorted by id."""

    articles: list[ArticleSummary]
    next: str | None = Field(description="Give it as `after` to get the next page; null on the last.")


class CollectionQuery(Request):
    """The collection meant."""

    collection: Collection = None


class PageQuery(CollectionQuery):
    """A page of articles."""

    model_config = ConfigDict(strict=False)

    after: str = Field(default="", max_length=MAX_ID_LENGTH, description="Articles with greater ids than this.")
    limit: int = Field(default=50, ge=1, le=200, description="Articles a page.")


class Count(BaseModel):
    """A value and the number of articles that have it."""

    value: str
    articles: int


class IndexResponse(BaseModel):
    """What there is to know about a collection."""

    collection: str
    facts: dict[str, str | int] = Field(description="Counts, version, format, fingerprints, sizes in bytes.")
    sources: list[Count] = Field(description="Most frequent first.")
    tags: list[Count] = Field(description="Most frequent first.")
    languages: list[Count] = Field(description="Most frequent first.")
    complete: bool = Field(description="False if the collection is too large for all its articles to be counted.")
