"""Splits questions into those that a newsroom has corrected, to tune on, and others like them, to see what it brought.

    python eval/finetune.py --questions eval/questions/seeds.jsonl --out DIR [--corrected 200]

Writes DIR/corrected.jsonl and DIR/like.jsonl for `rag train` and `rag eval`. The two share no article: questions
that name a common article, as holding the answer or as near, stay together.
"""

import argparse
import json
import random
from pathlib import Path
from typing import Any


def together(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The rows in groups without a common article, in the order of each group's first row."""
    groups: list[tuple[set[str], list[dict[str, Any]]]] = []
    for row in rows:
        named = {*row["article_ids"], *row["near"]}
        touched = [group for group in groups if group[0] & named]
        merged = (named.union(*(group[0] for group in touched)), [one for group in touched for one in group[1]] + [row])
        groups = [group for group in groups if group not in touched] + [merged]
    return [members for _, members in groups]


def main() -> None:
    """Writes the two files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--corrected", type=int, default=200, help="so many at most")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.questions.read_text("utf-8").splitlines() if line.strip()]
    groups = together(rows)
    random.Random(1).shuffle(groups)  # noqa: S311 - a sample, not a secret
    corrected: list[dict[str, Any]] = []
    like: list[dict[str, Any]] = []
    for group in groups:
        (corrected if len(corrected) + len(group) <= options.corrected else like).extend(group)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, chosen in (("corrected", corrected), ("like", like)):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in chosen)
        (options.out / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    print(f"{len(corrected)} corrected, {len(like)} like them")


if __name__ == "__main__":
    main()
