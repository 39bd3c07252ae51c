from rag.evaluation.probe import probe
from rag.evaluation.questions import Question
from rag.features import SIGNS
from rag.types import Article
from tests.conftest import Shelf

BRIDGE = Article(id="bridge", title="Bridge", text="The Kestrel Bridge was shut on Tuesday by Marit Solheim.")
FERRY = Article(id="ferry", title="Ferry", text="The ferry Anneke Lund hit a pier. Eleven people were hurt.")
QUESTIONS = [
    Question(id="1", question="Who shut the Kestrel Bridge?", answers=("Marit Solheim",), article_ids=("bridge",)),
    Question(id="2", question="Who built the Kestrel Bridge?", answers=(), near=("bridge",)),
]


def test_a_question_is_asked_as_it_is_and_without_its_articles(shelf: Shelf) -> None:
    shelf.add(BRIDGE, FERRY)
    asked: list[int] = []
    told, without, unanswerable = probe(shelf.library.pipeline(), QUESTIONS, progress=asked.append)
    assert (told.right, told.group, told.without) == ("Marit Solheim" in told.text, "bridge", False)
    assert set(told.features) == set(SIGNS)
    assert without.without
    assert not without.right
    assert "Solheim" not in without.text
    assert (unanswerable.answerable, unanswerable.right, unanswerable.group) == (False, False, "bridge")
    assert asked == [1, 2]


def test_without_pairs_each_question_is_asked_once(shelf: Shelf) -> None:
    shelf.add(BRIDGE)
    assert [one.id for one in probe(shelf.library.pipeline(), QUESTIONS, pairs=False)] == ["1", "2"]


def test_where_nothing_is_found_nothing_is_right(shelf: Shelf) -> None:
    shelf.add(BRIDGE)
    _, without, _ = probe(shelf.library.pipeline(), QUESTIONS)
    assert (without.text, dict(without.features), without.right, without.probability) == ("", {}, False, 0.0)
