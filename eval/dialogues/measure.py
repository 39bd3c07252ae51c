"""Measures what reading a question in its conversation brings to retrieval, per kind of turn.

    python eval/dialogues/measure.py [--out table.md] [--show fit]

Both archives are ingested into a temporary folder. A passage counts as found if one of the first ten is from a gold
article and holds a gold answer. The first 20 dialogues are those the method was designed on; the others are reported.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.bootstrap import Library
from rag.evaluation.metrics import interval
from rag.evaluation.questions import Question
from rag.evaluation.runner import found_at
from rag.loaders import load as read_files
from rag.pipeline import Pipeline, ingest
from rag.settings import load
from rag.types import Turn

ROOT = Path(__file__).parents[2]
DIALOGUES = Path(__file__).with_name("dialogues.jsonl")
ARCHIVES = {"seeds": ROOT / "seeds" / "articles", "newsroom-test": ROOT / "eval" / "newsroom" / "test_articles.jsonl"}
FIT = 20
STANDS_ALONE = ("first", "new-subject", "self-contained")
KINDS = ("pronoun", "ellipsis", "noun", "comparison", "correction", *STANDS_ALONE)
WAYS = ("as written", "with history", "standalone wording")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one turn; ``found`` maps a way of asking to whether the passage was found, empty without gold."""

    part: str
    kind: str
    said: str
    asked_as: str
    rewritten: bool
    found: dict[str, bool]


def outcomes(pipelines: dict[str, Pipeline]) -> list[Outcome]:
    """Every turn of every dialogue, in order."""
    made = []
    for number, line in enumerate(DIALOGUES.read_text(encoding="utf-8").splitlines()):
        dialogue = json.loads(line)
        pipeline, history = pipelines[dialogue["archive"]], list[Turn]()
        for turn in dialogue["turns"]:
            gold = Question(
                id="", question=turn["user"], answers=tuple(turn["answers"]), article_ids=tuple(turn["article_ids"])
            )
            alone = pipeline.query(turn["user"])
            read = pipeline.query(turn["user"], history=history)
            queries = dict(zip(WAYS, (alone, read, pipeline.query(turn["standalone"])), strict=True))
            found = {way: 0 < found_at(pipeline.search(query), gold) <= 10 for way, query in queries.items()}
            made.append(
                Outcome(
                    part="fit" if number < FIT else "report",
                    kind=turn["kind"],
                    said=turn["user"],
                    asked_as=read.asked_as,
                    rewritten=read.asked_as != alone.asked_as,
                    found=found if gold.answerable else {},
                )
            )
            history += [Turn(role="user", content=turn["user"]), Turn(role="assistant", content=turn["reply"])]
    return made


def table(turns: Sequence[Outcome]) -> str:
    """The table of one part: a row a kind."""
    rows = ["| kind | turns | rewritten | with gold | " + " | ".join(WAYS) + " |", "|---" * (4 + len(WAYS)) + "|"]
    groups = [("follow-ups", KINDS[:5]), *((kind, (kind,)) for kind in KINDS[:5])]
    groups += [("standing alone", STANDS_ALONE), *((kind, (kind,)) for kind in STANDS_ALONE)]
    for name, kinds in groups:
        group = [turn for turn in turns if turn.kind in kinds]
        gold = [turn for turn in group if turn.found]
        cells = [interval([float(turn.found[way]) for turn in gold]) for way in WAYS] if gold else []
        shown = [f"{100 * cell.mean:.1f} ({100 * cell.low:.1f} to {100 * cell.high:.1f})" for cell in cells]
        rewritten = sum(turn.rewritten for turn in group)
        rows.append(f"| {name} | {len(group)} | {rewritten} | {len(gold)} | " + " | ".join(shown) + " |")
    return "\n".join(rows) + "\n"


def main() -> None:
    """Prints a table for each part, and the turns themselves if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--show", choices=("fit", "report"), help="print the turns of a part")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Library(load({"index": Path(folder)})) as library:
        pipelines = {}
        for name, path in ARCHIVES.items():
            ingest(
                read_files([path]),
                archive=library.archive(name, create=True),
                chunker=library.chunker,
                embedder=library.embedder,
            )
            pipelines[name] = library.pipeline(name)
        made = outcomes(pipelines)
    parts = {part: [turn for turn in made if turn.part == part] for part in ("fit", "report")}
    for turn in parts.get(options.show, []):
        marks = "".join("+" if hit else "-" for hit in turn.found.values())
        print(f"{turn.kind:14} {marks:3} {'R' if turn.rewritten else ' '} {turn.said}  =>  {turn.asked_as}")
    text = "\n".join(f"**{part}**\n\n{table(turns)}" for part, turns in parts.items())
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
