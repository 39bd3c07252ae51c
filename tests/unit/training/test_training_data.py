import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from rag.errors import InputError
from rag.training.data import Example, Share, cleaned, held_out, mixed, read_examples


def example(
    question: str = "Who?", *, context: str = "Ada wrote it.", answer: str | None = "Ada", **more: Any
) -> Example:
    spans = () if answer is None else ((context.index(answer), context.index(answer) + len(answer)),)
    values = {"id": question, "title": "", "source": "s", **more}
    return Example(question=question, context=context, answers=spans, **values)


def names(examples: Iterable[Example]) -> list[str]:
    return [one.id for one in examples]


def test_both_layouts_and_gzip_give_the_same_examples(
    tmp_path: Path, rows: list[dict[str, Any]], questions: Path
) -> None:
    flat = list(read_examples(questions))
    assert len(flat) == len(rows)
    assert flat[0].answer_texts == ("France",)
    packed = tmp_path / "cities.jsonl.gz"
    packed.write_bytes(gzip.compress(questions.read_bytes()))
    assert list(read_examples(packed)) == flat
    squad = {"data": [{"title": r["title"], "paragraphs": [{"context": r["context"], "qas": [r]}]} for r in rows]}
    nested = tmp_path / "squad.json"
    nested.write_text(json.dumps(squad), encoding="utf-8")
    assert list(read_examples(nested)) == flat


def test_an_answer_that_is_not_there_is_refused_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"context": "Ada.", "question": "?", "answers": [{"text": "Ada", "answer_start": 1}]}\n')
    with pytest.raises(InputError, match="row 1 of bad"):
        list(read_examples(path))


@pytest.mark.parametrize("text", ["{", '{"question": "no context"}'])
def test_what_is_no_question_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match="cannot read questions"):
        list(read_examples(path))


def test_impossible_rows_have_no_answers(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text('{"context": "Ada.", "question": " What  now? ", "answers": [], "is_impossible": true}\n')
    (found,) = read_examples(path)
    assert found.answers == ()
    assert found.question == "What now?"
    assert found.source == "one"


def test_cleaning_drops_spans_inside_words_but_not_unanswerables() -> None:
    assert cleaned(example(answer="rot", context="Ada wrote it."), share=Share()) is None
    assert cleaned(example(answer=None), share=Share()) is not None
    assert cleaned(example(""), share=Share()) is None
    assert cleaned(example(context="Ada " * 2000), share=Share()) is None


def test_cleaning_rejoins_and_keeps_the_answer_in_place() -> None:
    clean = cleaned(
        example(context="It was July 20 , 1969 ( UTC ) .", answer="July 20 , 1969"), share=Share(detokenise=True)
    )
    assert clean is not None
    assert clean.context == "It was July 20, 1969 (UTC)."
    assert clean.answer_texts == ("July 20, 1969",)


def test_mixture_bars_caps_and_drops_doubles() -> None:
    many = [example(f"Who {n}?", source="big") for n in range(20)]
    odd = [example("Who a?", source="barred"), example("Who b?", source="unnamed"), example("Who 3 ?", source="small")]
    mixture = {"big": Share(cap=5), "small": Share(), "barred": Share()}
    kept, left_out = mixed([*many, *odd], mixture=mixture, barred={"barred"}, seed=1)
    assert len(kept) == 5
    assert left_out == {"source": 2, "double": 1, "cap": 15}
    again, _ = mixed([*many, *odd], mixture=mixture, barred={"barred"}, seed=1)
    assert names(again) == names(kept)
    other, _ = mixed([*many, *odd], mixture=mixture, barred={"barred"}, seed=2)
    assert names(other) != names(kept)


def test_held_out_goes_by_article_and_shares_no_passage() -> None:
    examples = [example(f"Who {n}?", title=f"title {n % 20}", context=f"Ada wrote {n % 20}.") for n in range(100)]
    examples += [example("Again?", source="other", context="Ada wrote  3!"), example("Else?", source="other")]
    train, dev = held_out(examples, share=0.3, sources={"s"}, seed=0)
    assert dev
    assert {one.title for one in dev}.isdisjoint({one.title for one in train})
    assert {"".join(filter(str.isalnum, one.context)) for one in dev}.isdisjoint(
        {"".join(filter(str.isalnum, one.context)) for one in train}
    )
    assert names(held_out(examples[::-1], share=0.3, sources={"s"}, seed=0)[1]) == names(dev)[::-1]
    assert held_out(examples, share=0.0, sources={"s"}, seed=0)[1] == []
