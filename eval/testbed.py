"""Builds the open-domain test bed: many short articles, and questions whose answers stand in some of them.

    python eval/testbed.py --questions dev.jsonl.gz --distractors train.jsonl.gz --out DIR [--without-titles]

Input rows are SQuAD-like JSON lines: {title, context, question, answers: [{text}], id}. Every distinct
context becomes an article (id: ``c`` and 12 hex digits of its SHA-256). Writes DIR/articles.jsonl and
DIR/questions.jsonl, to be used with `rag ingest` and `rag eval`.
"""

import argparse
import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.text import normalise


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a (gzipped) file of lines."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def article_id(context: str) -> str:
    """The id under which a context is stored."""
    return "c" + hashlib.sha256(context.encode()).hexdigest()[:12]


def main() -> None:
    """Writes the two files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--distractors", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without-titles", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    articles: dict[str, dict[str, str]] = {}
    questions = []
    for path in (options.questions, *options.distractors):
        for row in rows(path):
            context = normalise(row["context"])
            if not context:
                continue
            key = article_id(context)
            title = "" if options.without_titles else row["title"].replace("_", " ")
            articles.setdefault(key, {"id": key, "title": title or "Untitled", "text": context})
            if path == options.questions:
                answers = list(dict.fromkeys(answer["text"] for answer in row["answers"]))
                questions.append(
                    {
                        "id": row["id"],
                        "question": row["question"],
                        "answers": answers,
                        "article_ids": [key] if answers else [],
                        "near": [] if answers else [key],
                    }
                )
    for name, records in (("articles", articles.values()), ("questions", questions)):
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        (options.out / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    print(f"{len(articles)} articles, {len(questions)} questions")


if __name__ == "__main__":
    main()
