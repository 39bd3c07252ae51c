from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.evaluation.metrics import normalise_answer
from rag.training.chance import seeded
from rag.training.data import Example
from rag.training.edits import Ground, edited
from rag.training.negatives import PassageSearch, mine

PASSAGES = [
    ("Bern", "The city of Bern lies on the river Aare."),
    ("Bern", "Bern has a famous clock on a city gate."),
    ("Basel", "The city of Basel lies on the river Rhine."),
    ("Aarau", "The river Aare passes the city of Aarau too."),
    ("", "Cotton grows in warm places."),
]


@pytest.fixture
def search(tmp_path: Path) -> Iterator[PassageSearch]:
    with PassageSearch.build(tmp_path / "n.sqlite", passages=PASSAGES, common=1.0) as made:
        yield made


def ask(question: str, *, answer: str | None, title: str = "Bern") -> Example:
    text = PASSAGES[0][1]
    spans = () if answer is None else ((text.index(answer), text.index(answer) + len(answer)),)
    return Example(id="1", title=title, context=text, question=question, answers=spans, source="s")


def test_search_ranks_and_survives_odd_questions(search: PassageSearch) -> None:
    assert search.top("famous clock of Bern", k=2)[0] == 1
    assert search.top('"near" OR NOT (x) ^ * - :', k=3) == []
    assert search.top("", k=3) == []


def test_mined_passages_lack_the_answer_and_are_not_the_own_one(search: PassageSearch) -> None:
    asked = [ask("On which river does the city of Bern lie?", answer="Aare")]
    ((first, *rest),) = mine(asked, passages=PASSAGES, search=search)
    assert {first, *rest} <= {1, 2}
    assert 3 not in rest


def test_questions_without_answer_get_other_articles_only(search: PassageSearch) -> None:
    asked = [ask("Which king founded the city of Bern on the river?", answer=None)]
    (found,) = mine(asked, passages=PASSAGES, search=search)
    assert found
    assert not {0, 1} & set(found)


def test_at_most_keep_are_kept(search: PassageSearch) -> None:
    asked = [ask("On which river does the city of Bern lie?", answer="Aare")] * 3
    found = mine(asked, passages=PASSAGES, search=search, keep=1)
    assert [len(one) for one in found] == [1, 1, 1]


GROUND = Ground(
    "In 1910 the painter Paula Becker moved to the city of Bremen. There she met Otto Modersohn, a public teacher.",
    ("Bremen",),
    ["She left for the town of Paris in 1906 and saw Clara Westhoff at a private school.", "It rained."],
)


def test_an_edit_changes_one_thing_and_brings_in_what_the_passage_lacks() -> None:
    question = "To which city did the painter Paula Becker move in 1910?"
    made = {edited(question, ground=GROUND, rng=seeded(seed), negations=0.0) for seed in range(40)} - {None}
    assert made
    for changed in made:
        assert changed is not None
        assert normalise_answer(changed) != normalise_answer(question)
        new = set(normalise_answer(changed).split()) - set(normalise_answer(question).split())
        assert new
        assert "bremen" not in new
    assert "To which city did the painter Paula Becker move in 1906?" in made


def test_negation_is_a_last_resort_and_can_be_switched_off() -> None:
    plain = Ground("Rain fell.", ("Rain",), [])
    assert edited("what was it", ground=plain, rng=seeded(1), negations=0.0) is None
    assert edited("what was it", ground=plain, rng=seeded(1), negations=1.0) == "what wasn't it"
    assert edited("what was not it", ground=plain, rng=seeded(1), negations=1.0) is None


def test_antonyms_are_swapped_only_if_the_passage_lacks_the_other() -> None:
    ground = Ground("She was a public teacher.", ("She",), [])
    made = {edited("who was a public teacher here", ground=ground, rng=seeded(n), negations=0.0) for n in range(5)}
    assert made == {"who was a private teacher here"}
    both = Ground("She was a public, then a private teacher.", ("She",), [])
    assert edited("who was a public teacher here", ground=both, rng=seeded(1), negations=0.0) is None
