import inspect
import pickle

import pytest

from rag import errors
from rag.errors import ArticleError, RagError

CLASSES = [value for _, value in inspect.getmembers(errors, inspect.isclass) if issubclass(value, RagError)]


def test_every_error_has_a_code_of_its_own() -> None:
    assert len({error.code for error in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize("error", CLASSES)
def test_the_docstring_draws_every_error_with_its_code(error: type[RagError]) -> None:
    lines = (errors.__doc__ or "").splitlines()
    assert any({error.__name__, error.code} <= set(line.split()) for line in lines)


@pytest.mark.parametrize("error", CLASSES)
def test_message_and_hint(error: type[RagError]) -> None:
    problem = error("it broke", hint="mend it")
    assert (problem.message, problem.hint, str(problem)) == ("it broke", "mend it", "it broke (mend it)")
    assert str(error("it broke")) == "it broke"


def test_an_article_error_names_the_place() -> None:
    assert str(ArticleError("bad", file="a.jsonl", line=3)) == "a.jsonl:3: bad"
    assert str(ArticleError("bad", file="a.txt", hint="mend it")) == "a.txt: bad (mend it)"
    assert str(ArticleError("bad")) == "bad"


def test_errors_are_not_value_errors() -> None:
    assert not any(issubclass(error, ValueError) for error in CLASSES)


def test_errors_cross_processes() -> None:
    assert str(pickle.loads(pickle.dumps(RagError("it broke")))) == "it broke"  # noqa: S301 - our own bytes
