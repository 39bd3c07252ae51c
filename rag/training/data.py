"""Questions to train on: reading SQuAD-like files, cleaning them, and choosing how much of each source."""

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.errors import InputError
from rag.training.chance import seeded
from rag.training.surface import cut_inside_word, detokenise

OTHERS = "*"
"""The name under which a mixture describes every source that it does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One question over one passage. No answers means that the passage does not answer it.

    ``negatives`` are passages that lack the answer, best first, where they are known already; for other
    questions they are looked for in the passages of the run.
    """

    id: str
    title: str
    context: str
    question: str
    answers: tuple[tuple[int, int], ...]
    source: str
    negatives: tuple[str, ...] = ()

    @property
    def answer_texts(self) -> tuple[str, ...]:
        """The answers as they stand in the passage."""
        return tuple(self.context[start:end] for start, end in self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How one source takes part in a run.

    weight: how often each question is seen in an epoch; 0.5 is every other epoch on average, 2 twice.
    cap: at most so many questions are drawn from the source, the same ones in every epoch.
    stands_alone: its questions can be asked of a whole archive, so other passages may serve as
        negatives. Leave it off for questions such as "what did he do then?", which another passage
        may well answer.
    detokenise: its passages are Penn Treebank tokens joined by blanks; join them properly.
    hyphens: with `detokenise`, ` - ` is a hyphen.
    """

    weight: float = 1.0
    cap: int | None = None
    stands_alone: bool = True
    detokenise: bool = False
    hyphens: bool = False

    def __post_init__(self) -> None:
        if self.weight <= 0 or (self.cap is not None and self.cap < 1):
            raise ValueError("weight and cap of a share must be above 0; leave a source out or bar it instead")


def read_examples(path: Path) -> Iterator[Example]:
    """The questions of one file: SQuAD JSON, or one flat JSON object a line; `.gz` of either.

    A flat line holds context, question and answers [{text, answer_start}], and may hold id, title,
    source, is_impossible and negatives (texts). A row without a source takes the file's name for it.

    Raises:
        InputError: the file cannot be read, or an answer is not where its row says.
    """
    name = path.name.removesuffix(".gz")
    stem = name.rsplit(".", 1)[0]
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            if name.endswith(".jsonl"):
                rows: Iterable[dict[str, Any]] = (json.loads(line) for line in file if line.strip())
                yield from (_example(row, number, stem) for number, row in enumerate(rows, 1))
            else:
                for number, row in enumerate(_flat(json.load(file)), 1):
                    yield _example(row, number, stem)
    except (OSError, json.JSONDecodeError, KeyError, TypeError) as error:
        message = f"cannot read questions from {path}: {error!r}"
        raise InputError(
            message, hint="give SQuAD JSON, or one object a line with context, question, answers"
        ) from error


def _flat(squad: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for article in squad["data"]:
        for paragraph in article["paragraphs"]:
            for row in paragraph["qas"]:
                yield {**row, "context": paragraph["context"], "title": article.get("title", "")}


def _example(row: dict[str, Any], number: int, stem: str) -> Example:
    context = row["context"]
    spans: dict[tuple[int, int], None] = {}
    for answer in () if row.get("is_impossible") else row["answers"]:
        start = answer["answer_start"]
        span = (start, start + len(answer["text"]))
        if not answer["text"] or context[slice(*span)] != answer["text"]:
            message = f"row {number} of {stem}: the answer {answer['text']!r} does not stand at {start}"
            raise InputError(message, hint="answer_start counts characters of context from 0")
        spans[span] = None
    return Example(
        id=str(row.get("id", f"{stem}-{number}")),
        title=row.get("title") or "",
        context=context,
        question=" ".join(row["question"].split()),
        answers=tuple(spans),
        source=row.get("source") or stem,
        negatives=tuple(row.get("negatives", ())),
    )


def write_examples(examples: Iterable[Example], path: Path) -> None:
    """Writes flat JSON objects, one a line, as `read_examples` reads them; the file is there whole or not at all."""
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as file:
        for example in examples:
            pairs = zip(example.answer_texts, example.answers, strict=True)
            row = {
                "id": example.id,
                "title": example.title,
                "context": example.context,
                "question": example.question,
                "answers": [{"text": text, "answer_start": start} for text, (start, _) in pairs],
                "is_impossible": not example.answers,
                "source": example.source,
                "negatives": example.negatives,
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    draft.replace(path)


def cleaned(example: Example, *, share: Share, max_words: int = 1500) -> Example | None:
    """The example fit for training, or None if it is better left out.

    Left out: answers cut inside a word (when no other answer remains), empty questions, passages of
    more than `max_words` words. Tokenised passages are joined again if the share says so; an answer
    that cannot be found again after that is dropped.
    """
    if not example.question or len(example.context.split()) > max_words:
        return None
    answerable = bool(example.answers)
    if share.detokenise:
        example = _rejoined(example, hyphens=share.hyphens)
    spans = tuple(span for span in example.answers if not cut_inside_word(example.context, *span))
    if answerable and not spans:
        return None
    return replace(example, answers=spans)


def _rejoined(example: Example, *, hyphens: bool) -> Example:
    rewritten = detokenise(example.context, hyphens=hyphens)
    spans = []
    for start, end in example.answers:
        first, last = rewritten.span(start, end)
        if last > first and _letters(rewritten.text[first:last]) == _letters(example.context[start:end]):
            spans.append((first, last))
    return replace(example, context=rewritten.text, answers=tuple(spans))


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def mixed(
    examples: Iterable[Example], *, mixture: Mapping[str, Share], barred: Iterable[str], seed: int
) -> tuple[list[Example], Counter[str]]:
    """The cleaned, capped examples of all sources in their given order, and a count of those left out by reason.

    A question that occurs twice over the same passage is kept once, whatever its sources.
    """
    closed = frozenset(barred)
    left_out: Counter[str] = Counter()
    by_source: dict[str, list[tuple[int, Example]]] = {}
    seen: set[tuple[str, str]] = set()
    for number, example in enumerate(examples):
        share = mixture.get(example.source, mixture.get(OTHERS))
        if example.source in closed or share is None:
            left_out["source"] += 1
            continue
        clean = cleaned(example, share=share)
        if clean is None:
            left_out["unfit"] += 1
            continue
        key = (_letters(clean.context).lower(), _letters(clean.question).lower())
        if key in seen:
            left_out["double"] += 1
            continue
        seen.add(key)
        by_source.setdefault(example.source, []).append((number, clean))
    kept: list[tuple[int, Example]] = []
    for source, numbered in sorted(by_source.items()):
        cap = mixture.get(source, mixture.get(OTHERS, Share())).cap
        surplus = 0 if cap is None else max(0, len(numbered) - cap)
        left_out["cap"] += surplus
        kept += seeded(seed, source).sample(numbered, len(numbered) - surplus) if surplus else numbered
    return [example for _, example in sorted(kept, key=lambda pair: pair[0])], left_out


def held_out(
    examples: Sequence[Example], *, share: float, sources: Iterable[str], seed: int
) -> tuple[list[Example], list[Example]]:
    """The examples to train on, and a development set of about `share` of the articles of `sources`.

    The split goes by title, or by passage where there is no title, and never depends on the order of
    the rows. A passage of the development set occurs nowhere in the training part.
    """
    wanted = frozenset(sources)

    def chosen(example: Example) -> bool:
        key = hashlib.sha256(f"{seed} {example.title or example.context}".encode()).digest()
        return example.source in wanted and int.from_bytes(key[:4]) < share * 2**32

    dev = [example for example in examples if chosen(example)]
    contexts = {_letters(example.context).lower() for example in dev}
    train = [e for e in examples if _letters(e.context).lower() not in contexts and not chosen(e)]
    return train, dev


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", hint="check the path") from error
