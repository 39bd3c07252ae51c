"""Which batch comes at which step, and with which learning rate: functions of the run and the step alone."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rag.errors import InputError
from rag.training.batches import Batch, assemble, plan
from rag.training.encode import Ints, encode, pair_of
from rag.training.groups import Group, Item, Material, draw
from rag.training.run import TrainingRun


@dataclass(frozen=True, slots=True)
class _Laid:
    """An epoch laid out: its questions in tokens, and of each step the row length and the groups."""

    number: int
    questions: list[Ints]
    steps: list[tuple[int, tuple[Group, ...]]]


class Schedule:
    """All steps of a run. Any of them can be had without the ones before, which is what resuming needs.

    Raises:
        InputError: no question fits a window together with its answer.
    """

    def __init__(self, run: TrainingRun, *, material: Material, tokenizer: Any) -> None:
        self._run = run
        self._material = material
        self._tokenizer = tokenizer
        self._pair = pair_of(tokenizer)
        asked = encode(tokenizer, [example.question for example in material.examples])
        self._question_lengths = [len(question.ids) for question in asked]
        self._current = self._lay(0)
        if not self._current.steps:
            raise InputError("no question fits a window with its answer", hint="raise recipe.longest and the buckets")
        self.steps = run.steps or math.ceil(run.epochs * len(self._current.steps))

    def learning_rate(self, step: int) -> float:
        """The learning rate of a step counted from 0: up in a line to the peak, then down in a line to nothing."""
        warm = max(1, round(self._run.warm_up * self.steps))
        return self._run.lr * min((step + 1) / warm, (self.steps - step) / max(1, self.steps - warm + 1))

    def batches(self, first: int = 0) -> Iterator[tuple[int, Batch]]:
        """The steps from `first` on, each with its batch."""
        start = epoch = 0
        while start < self.steps:
            if self._current.number != epoch:
                self._current = self._lay(epoch)
            laid = self._current
            for number, (length, groups) in enumerate(laid.steps, start):
                if first <= number < self.steps:
                    yield number, self._assemble(groups, laid.questions, length)
            start += len(laid.steps)
            epoch += 1

    def _assemble(self, groups: Sequence[Group], questions: Sequence[Ints], length: int) -> Batch:
        return assemble(
            groups,
            questions=questions,
            passages=self._material.encoded,
            pair=self._pair,
            pad=self._tokenizer.pad_token_id,
            length=length,
            rows=self._run.tokens // length,
        )

    def _lay(self, epoch: int) -> _Laid:
        run, extra = self._run, self._pair.added
        drawn = draw(
            self._material,
            recipe=run.recipe,
            question_lengths=self._question_lengths,
            extra=extra,
            seed=run.seed,
            epoch=epoch,
        )
        questions = [question.ids for question in encode(self._tokenizer, drawn.questions)]

        def rows(item: Item) -> int:
            return extra + len(questions[item.question]) + item.window[1] - item.window[0]

        def fitted(item: Item) -> Item:
            start, end = item.window
            surplus = max(0, rows(item) - max(run.buckets))
            return item if item.gold or not surplus else replace(item, window=(start, max(start + 1, end - surplus)))

        groups = [tuple(map(fitted, group)) for group in drawn.groups]
        groups = [group for group in groups if max(map(rows, group)) <= max(run.buckets)]
        lengths = [list(map(rows, group)) for group in groups]
        planned = plan(lengths, tokens=run.tokens, buckets=run.buckets, seed=run.seed, epoch=epoch)
        return _Laid(epoch, questions, [(length, tuple(groups[n] for n in members)) for length, members in planned])
