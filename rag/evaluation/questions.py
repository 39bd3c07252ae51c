"""Questions with gold answers, one JSON object a line.

Keys: ``id``; ``question``; ``answers``, every accepted wording, empty when the archive does not say;
``article_ids``, the articles that hold an answer; ``near``, for unanswerable ones, the articles that come
closest.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from rag.errors import QuestionError

_KEYS = {"id", "question", "answers", "article_ids", "near"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and what would be right; no answers means that silence is."""

    id: str
    question: str
    answers: tuple[str, ...]
    article_ids: tuple[str, ...] = ()
    near: tuple[str, ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether the archive says."""
        return bool(self.answers)


def load_questions(path: Path) -> list[Question]:
    """The questions of a file, in order.

    Raises:
        QuestionError: a line that is not a question, or an id that comes twice; names file and line.
    """
    questions: list[Question] = []
    seen: set[str] = set()
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        question = _question(line, place=f"{path}:{number}")
        if question.id in seen:
            raise QuestionError(f"{path}:{number}: id {question.id!r} comes twice", hint="give each question its own")
        seen.add(question.id)
        questions.append(question)
    return questions


def _question(line: str, *, place: str) -> Question:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise QuestionError(f"{place}: not JSON: {error.msg}", hint="one JSON object a line") from None
    if not isinstance(record, dict) or not {"id", "question", "answers"} <= record.keys() <= _KEYS:
        raise QuestionError(f"{place}: needs id, question, answers", hint=f"allowed keys: {', '.join(sorted(_KEYS))}")
    lists = {name: record.get(name, []) for name in ("answers", "article_ids", "near")}
    texts = [record["id"], record["question"], *(item for values in lists.values() for item in values)]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise QuestionError(f"{place}: blank or not text", hint="answers, article_ids and near are lists of text")
    return Question(
        id=record["id"], question=record["question"], **{name: tuple(values) for name, values in lists.items()}
    )
