"""What HTTP requests may say; what they do not know they refuse.

Times are ISO 8601; one without a zone is read as UTC.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from rag.queries import Options
from rag.responses.schemas import ArticleFields
from rag.settings import COLLECTION_PATTERN
from rag.types import (
    MAX_ANSWERS,
    MAX_ID_LENGTH,
    MAX_QUESTION_LENGTH,
    MAX_TOP_K,
    MAX_TURN_LENGTH,
    MAX_TURNS,
    Turn,
    Where,
)

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
    without: Values = Field(default=[], description="None of these article ids: a string or a list.")

    def condition(self) -> Where:
        """The filter as the index takes it."""
        return Where(
            published_after=self.published_after,
            published_before=self.published_before,
            source=tuple(self.source),
            tags=tuple(self.tags),
            language=tuple(self.language),
            ids=tuple(self.ids),
            without=tuple(self.without),
        )


class HistoryTurn(Request):
    """What was said before the question."""

    role: Literal["user", "assistant"] = Field(description="Who said it: `user` asks, `assistant` replies.")
    content: Annotated[Text, Field(max_length=MAX_TURN_LENGTH)] = Field(
        description=f"What was said, at most {MAX_TURN_LENGTH} characters."
    )

    def turn(self) -> Turn:
        """The turn as the pipeline takes it."""
        return Turn(role=self.role, content=self.content)


class Question(Request):
    """What is asked, and of which collection."""

    question: Text = Field(description=f"The question, 1 to {MAX_QUESTION_LENGTH} characters.")
    collection: Collection = None


class SearchOptions(Request):
    """What a question may set for itself about its passages."""

    top_k: int | None = Field(
        default=None, ge=1, le=MAX_TOP_K, description="Passages to find; the service has a default."
    )
    where: WhereFilter | None = Field(default=None, description="Filter, applied inside the search.")

    def options(self) -> Options:
        """What the question sets for itself."""
        return {"where": self.where.condition() if self.where else None, "top_k": self.top_k}


class SearchRequest(SearchOptions, Question):
    """A question whose passages are wanted."""


class AskOptions(SearchOptions):
    """What a question may set for itself about its answers."""

    max_answers: int | None = Field(default=None, ge=1, le=MAX_ANSWERS, description="Distinct answers to give at most.")
    min_probability: float | None = Field(
        default=None, ge=0, le=1, description="Below this probability the archive is said not to say."
    )
    include: list[Literal["passages"]] = Field(
        default=[], max_length=1, description="`passages`: also give the passages that were read."
    )

    def options(self) -> Options:
        """What the question sets for itself."""
        return {
            **super().options(),
            "max_answers": self.max_answers,
            "min_probability": self.min_probability,
        }


class AskRequest(AskOptions, SearchRequest):
    """A question that wants an answer."""

    history: list[HistoryTurn] = Field(
        default=[],
        max_length=MAX_TURNS,
        description=f"What was said before, oldest first, at most {MAX_TURNS} turns: "
        "a follow-up is looked up as a question that stands alone, shown as `asked_as`.",
    )

    def options(self) -> Options:
        """What the question sets for itself."""
        return {**super().options(), "history": [turn.turn() for turn in self.history]}


class ArticleContent(Request, ArticleFields):
    """An article without its id."""

    text: str = Field(description="The article. It is stored normalised (NFC, line feeds); offsets count that text.")
    published_at: str | None = Field(default=None, description="When it was published; kept in UTC.")  # type: ignore[assignment] # as it is written


class ArticleRecord(ArticleContent):
    """An article to store."""

    id: ArticleId = Field(description="Any printable name, slashes too; the same id replaces.")


class ArticlesRequest(Request):
    """Articles to store."""

    articles: list[ArticleRecord] = Field(max_length=MOST_ARTICLES)


class CollectionQuery(Request):
    """The collection meant."""

    collection: Collection = None


class PageQuery(CollectionQuery):
    """A page of articles."""

    model_config = ConfigDict(strict=False)

    after: str = Field(default="", max_length=MAX_ID_LENGTH, description="Articles with greater ids than this.")
    limit: int = Field(default=50, ge=1, le=200, description="Articles a page.")
