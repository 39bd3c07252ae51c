from typing import TypedDict

import pytest
import torch
from torch import Tensor

from rag.training.loss import group_loss

ROWS, TOKENS = 4, 6


class Case(TypedDict):
    passage: Tensor
    starts: Tensor
    ends: Tensor
    group: Tensor


def case() -> Case:
    """Two questions, one over a gold passage and a negative, one over a negative; then a row of padding."""
    passage = torch.zeros(ROWS, TOKENS, dtype=torch.bool)
    passage[:3, 2:5] = True
    starts, ends = torch.zeros_like(passage), torch.zeros_like(passage)
    starts[0, 2] = ends[0, 3] = True
    return Case(passage=passage, starts=starts, ends=ends, group=torch.tensor([0, 0, 1, -1]))


def logits(**places: float) -> Tensor:
    """Zero logits but for places named r<row>t<token>, the same for start and end."""
    made = torch.zeros(ROWS, TOKENS, 2)
    for place, value in places.items():
        row, token = place[1:].split("t")
        made[int(row), int(token)] = value
    return made


def loss(given: Tensor, *, shared: float = 0.5) -> float:
    return float(group_loss(given, **case(), shared=shared)[0])


def test_flat_logits_cost_the_log_of_the_number_of_choices() -> None:
    by_group = (torch.tensor(7.0).log() + torch.tensor(4.0).log()) / 2
    by_row = torch.tensor(4.0).log()
    total, parts = group_loss(logits(), **case(), shared=0.25)
    assert parts.tolist() == pytest.approx([by_group.item(), by_row.item()])
    assert total.item() == pytest.approx(0.25 * by_group.item() + 0.75 * by_row.item())


def test_a_perfect_reader_costs_nothing() -> None:
    sure = logits(r0t0=-30, r1t0=30, r2t0=30)
    sure[0, 2, 0] = sure[0, 3, 1] = 30
    assert loss(sure) < 1e-6


def test_shared_normalisation_sees_what_a_negative_scores_and_rows_alone_do_not() -> None:
    good = logits(r0t2=5)
    worse = logits(r0t2=5, r1t3=5)
    gold = case()["starts"][0].nonzero().item()
    assert gold == 2
    before, after = (group_loss(one, **case(), shared=1.0)[1] for one in (good, worse))
    assert after[0] > before[0] + 0.3
    assert loss(worse) > loss(good)


def test_only_logits_relative_to_the_no_answer_slot_count() -> None:
    torch.manual_seed(1)
    some = torch.randn(ROWS, TOKENS, 2)
    lifted = some + torch.tensor([3.0, -2.0, 7.0, 1.0])[:, None, None]
    assert loss(lifted) == pytest.approx(loss(some), abs=1e-5)


def test_padding_and_question_tokens_do_not_count() -> None:
    torch.manual_seed(1)
    some = torch.randn(ROWS, TOKENS, 2)
    other = some.clone()
    other[3] = 50
    other[:3, 1] = 50
    other[:3, 5] = 50
    assert loss(other) == pytest.approx(loss(some), abs=1e-6)


def test_several_gold_places_count_together() -> None:
    given = case()
    one = group_loss(logits(), **given)[0]
    given["starts"][0, 3] = given["ends"][0, 4] = True
    assert group_loss(logits(), **given)[0] < one


def test_gradients_are_finite_and_push_the_answer_up() -> None:
    free = logits().requires_grad_()
    group_loss(free, **case())[0].backward()  # type: ignore[no-untyped-call]
    assert free.grad is not None
    assert torch.isfinite(free.grad).all()
    assert free.grad[0, 2, 0] < 0
    assert free.grad[0, 3, 1] < 0
    assert free.grad[1, 2:5].min() > 0
    assert (free.grad[1, 0] < 0).all()
    assert (free.grad[3] == 0).all()
