from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer

from rag.training.batches import assemble, plan
from rag.training.data import Example, Share, read_examples
from rag.training.encode import encode, pair_of
from rag.training.groups import Epoch, Material, Recipe, draw


@pytest.fixture
def tokenizer(tiny: Path) -> Any:
    return AutoTokenizer.from_pretrained(tiny)


def material(examples: list[Example], tokenizer: Any, **mixture: Share) -> Material:
    passages = list(dict.fromkeys(example.context for example in examples))
    home = [passages.index(example.context) for example in examples]
    rivals = [[other for other in range(len(passages)) if other != own] for own in home]
    return Material(
        examples=examples,
        passages=passages,
        encoded=encode(tokenizer, passages),
        home=home,
        rivals=rivals,
        mixture=mixture or {"*": Share()},
    )


def drawn(given: Material, tokenizer: Any, *, recipe: Recipe, seed: int = 1, epoch: int = 0) -> Epoch:
    lengths = [len(one.ids) for one in encode(tokenizer, [e.question for e in given.examples])]
    return draw(given, recipe=recipe, question_lengths=lengths, extra=3, seed=seed, epoch=epoch)


ALL = Recipe(negatives=(0.0, 0.5, 0.5), only_negatives=0.5, edited=0.5, longest=96, overlap=64)
"""Draws every kind of group often."""


def test_the_pair_is_read_off_the_tokenizer_whatever_its_padding(tokenizer: Any) -> None:
    tokenizer.backend_tokenizer.enable_padding(length=16)
    pair = pair_of(tokenizer)
    assert (pair.opening, pair.middle, pair.closing) == ((2,), (3,), (3,))
    assert pair.no_answer == 2


def test_tokens_of_a_span_give_the_span_back(tokenizer: Any, questions: Path) -> None:
    for example in read_examples(questions):
        (encoded,) = encode(tokenizer, [example.context])
        for start, end in example.answers:
            tokens = encoded.tokens_of(start, end)
            assert tokens is not None
            assert (encoded.starts[tokens[0]], encoded.ends[tokens[1] - 1]) == (start, end)
    assert encoded.tokens_of(len(example.context), len(example.context)) is None


def test_groups_hold_one_gold_passage_or_none_and_labels_point_at_answers(tokenizer: Any, questions: Path) -> None:
    examples = list(read_examples(questions))
    given = material(examples, tokenizer)
    epoch = drawn(given, tokenizer, recipe=ALL)
    answers = {text for example in examples for text in example.answer_texts}
    sizes = set()
    for group in epoch.groups:
        assert len({item.question for item in group}) == 1
        golden = [item for item in group if item.gold]
        assert len(golden) <= 1
        assert len({item.passage for item in group}) == len(group)
        sizes.add((len(group), len(golden)))
        for item in golden:
            encoded, text = given.encoded[item.passage], given.passages[item.passage]
            for begin, end in item.gold:
                first, last = item.window[0] + begin, item.window[0] + end - 1
                assert text[encoded.starts[first] : encoded.ends[last]] in answers
    assert {(2, 1), (3, 1), (1, 0), (2, 0)} <= sizes


def test_an_epoch_depends_on_seed_and_number_only(tokenizer: Any, questions: Path) -> None:
    given = material(list(read_examples(questions)), tokenizer)
    first = drawn(given, tokenizer, recipe=ALL)
    assert drawn(given, tokenizer, recipe=ALL) == first
    assert drawn(given, tokenizer, recipe=ALL, epoch=1) != first
    assert drawn(given, tokenizer, recipe=ALL, seed=2) != first


def test_questions_that_do_not_stand_alone_get_no_other_passages(tokenizer: Any, questions: Path) -> None:
    given = material(list(read_examples(questions)), tokenizer, cities=Share(stands_alone=False))
    epoch = drawn(given, tokenizer, recipe=ALL)
    assert {len(group) for group in epoch.groups} == {1}
    assert len(epoch.groups) == len(given.examples)
    assert all(group[0].gold for group in epoch.groups)


def test_weights_repeat_and_thin_out(tokenizer: Any, questions: Path) -> None:
    examples = list(read_examples(questions)) * 10
    alone = Recipe(negatives=(1.0,), only_negatives=0.0, edited=0.0)
    twice = drawn(material(examples, tokenizer, cities=Share(weight=2)), tokenizer, recipe=alone)
    assert len(twice.groups) == 2 * len(examples)
    half = drawn(material(examples, tokenizer, cities=Share(weight=0.5)), tokenizer, recipe=alone)
    assert 0.3 * len(examples) < len(half.groups) < 0.7 * len(examples)


def test_long_passages_are_windowed_with_other_windows_as_negatives(tokenizer: Any) -> None:
    text = "Lyon lies in France . " + "Bern lies on the river Aare . " * 12
    example = Example(
        id="1", title="", context=text, question="In which country does Lyon lie?", answers=((13, 19),), source="s"
    )
    recipe = Recipe(negatives=(0.0, 1.0), only_negatives=0.0, edited=0.0, longest=40, overlap=18)
    kinds = set()
    for seed in range(12):
        (group,) = drawn(material([example], tokenizer), tokenizer, recipe=recipe, seed=seed).groups
        assert group[0].gold
        assert all(item.window[1] - item.window[0] <= 40 - 3 for item in group)
        assert all(item.window[0] > 3 for item in group[1:])
        kinds.add(len(group))
    assert kinds == {1, 2}


def test_a_plan_places_every_group_once_and_overfills_no_batch() -> None:
    lengths = [[20 + n % 70, 10] if n % 3 else [30] for n in range(200)]
    planned = plan(lengths, tokens=400, buckets=(32, 64, 96), seed=1, epoch=0)
    assert sorted(n for _, members in planned for n in members) == list(range(200))
    for length, members in planned:
        assert sum(len(lengths[n]) for n in members) <= 400 // length
        assert all(max(lengths[n]) <= length for n in members)
    assert planned == plan(lengths, tokens=400, buckets=(32, 64, 96), seed=1, epoch=0)
    assert planned != plan(lengths, tokens=400, buckets=(32, 64, 96), seed=1, epoch=1)
    with pytest.raises(ValueError, match="longer than the largest bucket"):
        plan([[97]], tokens=400, buckets=(96,), seed=1, epoch=0)


def test_a_batch_lays_out_what_the_tokenizer_would(tokenizer: Any, questions: Path) -> None:
    given = material(list(read_examples(questions)), tokenizer)
    epoch = drawn(given, tokenizer, recipe=ALL)
    encoded = [one.ids for one in encode(tokenizer, epoch.questions)]
    groups = epoch.groups[:4]
    rows = sum(map(len, groups)) + 2
    batch = assemble(
        groups, questions=encoded, passages=given.encoded, pair=pair_of(tokenizer), pad=0, length=96, rows=rows
    )
    row = 0
    for number, group in enumerate(groups):
        for item in group:
            whole = tokenizer(epoch.questions[item.question], given.passages[item.passage])
            used = len(whole["input_ids"])
            assert batch.ids[row, :used].tolist() == whole["input_ids"]
            assert batch.kinds[row, :used].tolist() == whole["token_type_ids"]
            assert batch.attended[row].sum() == used
            assert batch.passage[row].sum() == len(given.encoded[item.passage].ids)
            assert batch.starts[row].sum() == len(item.gold) == batch.ends[row].sum()
            assert not (batch.starts[row] & ~batch.passage[row]).any()
            assert batch.group[row] == number
            row += 1
    assert (batch.group[row:] == -1).all()
    assert np.array_equal(batch.attended[row:].sum(axis=1), [1, 1])
