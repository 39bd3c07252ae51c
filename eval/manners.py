"""How often the question proper is found in wordings with politeness or background around them.

    python eval/manners.py --wrapped wrapped.jsonl.gz --plain plain.jsonl.gz ... [--skip N] [--limit N]

The files are SQuAD-like rows; a wrapped row belongs to the longest plain question about the same passage that its
wording holds. Where both come to the same question proper, answer and probability are the same by construction.
"""

import argparse
import gzip
import json
import random
from pathlib import Path
from typing import Any

from rag.question import question_proper


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def main() -> None:
    """Prints the share, and the first few that differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--wrapped", type=Path, required=True)
    parser.add_argument("--plain", type=Path, nargs="+", required=True)
    parser.add_argument("--skip", type=int, default=1_000)
    parser.add_argument("--limit", type=int, default=1_000)
    options = parser.parse_args()
    plain: dict[str, list[str]] = {}
    for path in options.plain:
        for row in rows(path):
            plain.setdefault(row["context"], []).append(row["question"])
    wrapped = rows(options.wrapped)
    random.Random(1).shuffle(wrapped)  # noqa: S311 - a sample, not a secret
    pairs = [
        (row["question"], max(held, key=len))
        for row in wrapped
        if (
            held := [
                one for one in plain.get(row["context"], []) if one.strip(" ?.").lower() in row["question"].lower()
            ]
        )
    ][options.skip : options.skip + options.limit]
    differ = [pair for pair in pairs if question_proper(pair[0]).lower() != question_proper(pair[1]).lower()]
    print(f"{len(pairs) - len(differ)} of {len(pairs)} come to the question proper of the plain wording")
    for question, one in differ[:10]:
        print(f"{question!r}\n  -> {question_proper(question)!r}\n not {question_proper(one)!r}")


if __name__ == "__main__":
    main()
