"""Training items: a question with its own passage and hard negatives, one group a question.

What an epoch shows is drawn anew for each epoch, from the seed and the epoch's number only.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from rag.evaluation.metrics import mentions
from rag.reader.windows import OVERLAP, windows
from rag.training.chance import seeded
from rag.training.data import OTHERS, Example, Share
from rag.training.edits import Ground, edited
from rag.training.encode import Encoded

SHORTEST = 160
"""Negatives beside a shorter gold passage may still be this long, in tokens with the question."""
MARGIN = 4
"""How many tokens an edited question may have more than the question it was made of."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question over one window of one passage, to become one row of a batch.

    `question` and `passage` number encoded texts; `window` is a half-open token span of the passage;
    `gold` holds half-open token spans counted from the window's start, none for "no answer here".
    """

    question: int
    passage: int
    window: tuple[int, int]
    gold: tuple[tuple[int, int], ...]


Group = tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How groups are drawn.

    negatives: chance of each number of hard negatives beside the gold passage, from none upwards.
    only_negatives: chance of one more group of the question without its gold passage.
    edited: chance of one more group of a minimally edited, unanswerable question over the gold passage.
    bare: chance that a closing question mark is left off, as people do in search boxes.
    longest, overlap: size of a window, question and special tokens included, and what neighbouring windows
        share at least (at most half a window), in tokens.
    """

    negatives: tuple[float, ...] = (0.5, 0.4, 0.1)
    only_negatives: float = 0.06
    edited: float = 0.16
    bare: float = 0.15
    longest: int = 288
    overlap: int = OVERLAP

    def __post_init__(self) -> None:
        if not self.negatives or min(self.negatives) < 0 or sum(self.negatives) <= 0:
            raise ValueError("negatives must be chances, at least one of them above 0")
        if not 0 <= self.overlap <= self.longest:
            raise ValueError("the overlap must be 0 or more and at most the window")


@dataclass(slots=True)
class Material:
    """All that groups are drawn from.

    `passages` are distinct texts and `encoded` their tokens, in the same order; `home` and `rivals`
    give for each example the number of its own passage and of its negatives, best first.
    """

    examples: Sequence[Example]
    passages: Sequence[str]
    encoded: Sequence[Encoded]
    home: Sequence[int]
    rivals: Sequence[Sequence[int]]
    mixture: Mapping[str, Share] = field(default_factory=dict)

    def share(self, example: Example) -> Share:
        """The share of the example's source."""
        return self.mixture.get(example.source, self.mixture.get(OTHERS, Share()))


@dataclass(slots=True)
class Epoch:
    """One epoch's groups, and the texts of the questions that their items number."""

    questions: list[str]
    groups: list[Group]


def draw(
    material: Material, *, recipe: Recipe, question_lengths: Sequence[int], extra: int, seed: int, epoch: int
) -> Epoch:
    """The groups of one epoch in the examples' order.

    `question_lengths` are the token counts of the examples' questions, `extra` the special tokens a
    sequence; they decide how much room a passage has.
    """
    drawer = _Drawer(material, recipe, seeded(seed, "epoch", epoch))
    for number, example in enumerate(material.examples):
        weight = material.share(example).weight
        for _ in range(int(weight) + (drawer.rng.random() < weight % 1)):
            drawer.draw(number, taken=extra + question_lengths[number])
    return drawer.made


class _Drawer:
    """Draws groups of one epoch, one example after the other."""

    def __init__(self, material: Material, recipe: Recipe, rng: Random) -> None:
        self.material = material
        self.recipe = recipe
        self.rng = rng
        self.made = Epoch([], [])

    def draw(self, number: int, *, taken: int) -> None:
        """Add the groups of an example whose question and special tokens take `taken` tokens of a window."""
        recipe, rng, example = self.recipe, self.rng, self.material.examples[number]
        rivals = self.material.rivals[number] if self.material.share(example).stands_alone else ()
        asked = example.question
        if rng.random() < recipe.bare:
            asked = asked.rstrip("? ") or asked
        question = self._ask(asked)
        room = max(1, recipe.longest - taken)
        holding, lacking = self._at_home(number, question=question, room=room)
        if holding:
            own = rng.choice(holding)
            wanted = rng.choices(range(len(recipe.negatives)), recipe.negatives)[0]
            length = min(room, max(SHORTEST - taken, own.window[1] - own.window[0]))
            beside = [rng.choice(lacking)] if wanted and lacking and rng.random() < 0.5 else []
            others = self._rivals(rivals, question=question, room=length, count=wanted - len(beside))
            self.made.groups.append((own, *beside, *others))
            if example.answers and rivals and rng.random() < recipe.edited:
                self._edit(example, rivals, own=own)
        if rivals and rng.random() < recipe.only_negatives:
            count = rng.choice((1, 1, 2))
            self.made.groups.append(tuple(self._rivals(rivals, question=question, room=room, count=count)))

    def _ask(self, question: str) -> int:
        self.made.questions.append(question)
        return len(self.made.questions) - 1

    def _at_home(self, number: int, *, question: int, room: int) -> tuple[list[Item], list[Item]]:
        """Windows of the example's own passage to learn its label from, and windows that lack the answer."""
        example, passage = self.material.examples[number], self.material.home[number]
        encoded = self.material.encoded[passage]
        spans = [span for span in (encoded.tokens_of(*answer) for answer in example.answers) if span is not None]
        holding: list[Item] = []
        lacking: list[Item] = []
        for start, end in windows(len(encoded.ids), size=room, overlap=self.recipe.overlap):
            gold = tuple((a - start, b - start) for a, b in spans if start <= a and b <= end)
            if gold or not example.answers:
                holding.append(Item(question, passage, (start, end), gold))
            elif not any(a < end and b > start for a, b in spans):
                text = example.context[encoded.starts[start] : encoded.ends[end - 1]]
                if not mentions(text, example.answer_texts):
                    lacking.append(Item(question, passage, (start, end), ()))
        return holding, lacking

    def _rivals(self, rivals: Sequence[int], *, question: int, room: int, count: int) -> Iterator[Item]:
        """Windows of `count` different negatives, the higher ranked ones more likely."""
        left = list(rivals)
        while left and count > 0:
            passage = left.pop(min(int(self.rng.expovariate(0.5)), len(left) - 1))
            length = len(self.material.encoded[passage].ids)
            start = 0 if length <= room or self.rng.random() < 0.5 else self.rng.randrange(length - room + 1)
            yield Item(question, passage, (start, min(length, start + room)), ())
            count -= 1

    def _edit(self, example: Example, rivals: Sequence[int], *, own: Item) -> None:
        ground = Ground(example.context, example.answer_texts, [self.material.passages[rival] for rival in rivals[:4]])
        changed = edited(example.question, ground=ground, rng=self.rng)
        if changed is not None:
            start, end = own.window
            window = (start, max(start + 1, end - MARGIN) if end - start > SHORTEST else end)
            self.made.groups.append((Item(self._ask(changed), own.passage, window, ()),))
