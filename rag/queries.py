"""From a question and what it sets for itself to the record of what is asked."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from rag.conversation import standalone
from rag.errors import QuestionError
from rag.question import question_proper
from rag.text import normalise
from rag.types import MAX_ANSWERS, MAX_QUESTION_LENGTH, MAX_TOP_K, Query, Turn, Where


class Options(TypedDict, total=False):
    """What a question may set for itself; None counts as left out.

    ``history`` is what was said before, oldest first.
    """

    history: Sequence[Turn] | None
    where: Where | None
    top_k: int | None
    max_answers: int | None
    min_probability: float | None


def resolve(question: str, options: Options, *, defaults: Mapping[str, Any]) -> Query:
    """The query, with the defaults in place of what is left out.

    Raises:
        QuestionError: the question is blank or too long, or an option is out of bounds.
    """
    asked = " ".join(normalise(question).split())
    if not asked:
        raise QuestionError("the question is empty", hint="ask something")
    if len(asked) > MAX_QUESTION_LENGTH:
        raise QuestionError(
            f"the question has {len(asked)} characters, more than {MAX_QUESTION_LENGTH}", hint="ask it in a sentence"
        )
    history = options.get("history") or ()
    given = {name: value for name, value in options.items() if value is not None and name != "history"}
    values: dict[str, Any] = {**defaults, **given}
    for name, kind, lowest, highest in (
        ("top_k", int, 1, MAX_TOP_K),
        ("max_answers", int, 1, MAX_ANSWERS),
        ("min_probability", int | float, 0, 1),
    ):
        value = values[name]
        if not isinstance(value, kind) or isinstance(value, bool) or not lowest <= value <= highest:
            number = "a whole number" if kind is int else "a number"
            raise QuestionError(f"{name} cannot be {value!r}", hint=f"give {number} from {lowest} to {highest}")
    return Query(
        question=question, asked_as=standalone(question_proper(asked)[:MAX_QUESTION_LENGTH], history), **values
    )
