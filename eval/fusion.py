"""Compares ways of finding passages on the same lists: dense, lexical, and every way of fusing the two.

    python eval/fusion.py --index DIR --collection NAME --questions questions.jsonl [--limit N] [--out table.md]

A question counts as found at k if one of the first k passages is from its article and holds one of its answers.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rag.bootstrap import Library
from rag.evaluation.metrics import interval
from rag.evaluation.questions import load_questions
from rag.evaluation.runner import found_at
from rag.retriever import DEPTH, Dense, Lexical, min_max, reciprocal_rank
from rag.settings import load
from rag.types import Match

CUTS = (1, 5, 10, 20)
Fuse = Callable[[Sequence[Sequence[Match]]], Sequence[Match]]


def variants() -> dict[str, Fuse]:
    """Name -> what makes one list of the dense and the lexical one."""
    ways: dict[str, Fuse] = {"dense": lambda lists: lists[0], "lexical": lambda lists: lists[1]}
    for name, fusion in (("reciprocal rank", reciprocal_rank), ("min-max", min_max)):
        for dense in (0.3, 0.4, 0.5, 0.6, 0.7):
            ways[f"{name}, dense {dense:.1f}"] = partial(fusion, weights=(dense, 1 - dense))
    return ways


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--collection", default="default")
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--passage-tokens", type=int, default=192)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()

    settings = {
        "index": options.index,
        "collection": options.collection,
        "precision": options.precision,
        "passage_tokens": options.passage_tokens,
    }
    library = Library(load(settings))
    archive = library.archive()
    dense, lexical = Dense(library.embedder), Lexical()
    ways = variants()
    found: dict[str, list[int]] = {name: [] for name in ways}
    questions = [question for question in load_questions(options.questions) if question.answerable][: options.limit]
    for question in questions:
        with archive.reading() as index:
            lists = [search.search(index, question.question, k=DEPTH) for search in (dense, lexical)]
        for name, fuse in ways.items():
            found[name].append(found_at(fuse(lists)[: max(CUTS)], question))
    library.close()

    rows = [f"| {len(questions)} questions, top {DEPTH} of each | " + " | ".join(f"recall@{k}" for k in CUTS) + " |"]
    rows.append("|---" * (len(CUTS) + 1) + "|")
    for name, ranks in found.items():
        cells = [interval([float(0 < rank <= k) for rank in ranks]) for k in CUTS]
        row = " | ".join(f"{100 * cell.mean:.1f} ({100 * cell.low:.1f} to {100 * cell.high:.1f})" for cell in cells)
        rows.append(f"| {name} | {row} |")
    table = "\n".join(rows) + "\n"
    print(table)
    if options.out:
        options.out.write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
