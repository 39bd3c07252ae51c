"""Makes the shipped reader and holds it against the weights that it came from.

    python eval/int8.py export --source DIR --looked-at train.jsonl.gz --data dev.jsonl.gz --target DIR
    python eval/int8.py alike --source DIR --data dev.jsonl.gz [--limit N]
    python eval/int8.py answers --source DIR --data dev.jsonl.gz --index DIR --out answers.jsonl [--minutes N]

``export`` smooths over 100 rows of training data and checks the result on paragraphs of titles that are for
fitting. ``alike`` asks one question a paragraph, of titles to report: the shipped model (int8w8) and 7-bit
weights without smoothing (int8) against fp32, with the time of a read, the three taking turns. ``answers``
asks a fixed 1,000 questions of such titles, in a fixed order, of an archive of all paragraphs of the file
(``rag ingest`` of what `testbed.py` makes without distractors), ten passages read, never abstaining, by the
shipped model and by fp32; it goes on with what --out holds, so that it can be stopped, and sums up what is there.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from testbed import article_id, rows

from rag.bootstrap import Library
from rag.evaluation.metrics import exact, f1, interval
from rag.evaluation.split import Part, part
from rag.inference.bert import Precision
from rag.reader.examples import Asked
from rag.reader.export import export_checked, export_reader
from rag.reader.onnx import OnnxReader
from rag.settings import load
from rag.text import normalise
from rag.types import Hit

BARRED = ("policyqa", "subjqa", "ester")
LOOKED_AT = 100
QUESTIONS = 1_000


def one_a_paragraph(path: Path, *, of: Part, limit: int) -> list[dict[str, Any]]:
    """A fixed choice of rows, no paragraph twice."""
    chosen = [row for row in rows(path) if part(row["title"]) == of]
    random.Random(3).shuffle(chosen)  # noqa: S311 - a sample, not a secret
    return list({row["context"]: row for row in reversed(chosen)}.values())[::-1][:limit]


def asked(chosen: Iterable[dict[str, Any]]) -> list[Asked]:
    """Question and paragraph of each row."""
    return [(row["question"], row["context"]) for row in chosen]


@contextmanager
def readers(source: Path, *plain: Precision, threads: int) -> Iterator[dict[str, OnnxReader]]:
    """The weights in those precisions, without smoothing, and the shipped model."""
    loaded: dict[str, OnnxReader] = {}
    with TemporaryDirectory() as scratch:
        for precision in plain:
            export_reader(source, target=Path(scratch) / precision, name="compared", precision=precision)
            loaded[precision] = OnnxReader.load(Path(scratch) / precision, threads=threads)
    loaded["int8w8"] = OnnxReader.load(threads=threads)
    yield loaded
    for reader in loaded.values():
        reader.close()


def export(options: argparse.Namespace) -> None:
    """Writes the model folder."""
    rated = [row for row in rows(options.looked_at) if not row["source"].startswith(BARRED)]
    agreement = export_checked(
        options.source,
        target=options.target,
        name=options.name,
        looked_at=asked(random.Random(1).sample(rated, LOOKED_AT)),  # noqa: S311
        asked=asked(one_a_paragraph(options.data, of="fit", limit=options.limit)),
    )
    print(agreement)


def alike(options: argparse.Namespace) -> None:
    """Prints agreement and times."""
    chosen = one_a_paragraph(options.data, of="report", limit=options.limit)
    best: dict[str, list[tuple[int, int, float]]] = {}
    right: dict[str, list[float]] = {}
    took: dict[str, list[float]] = {}
    with readers(options.source, "fp32", "int8", threads=1) as by_name:
        for row, (question, text) in zip(chosen, asked(chosen), strict=True):
            for name, reader in by_name.items():
                began = time.perf_counter()
                span = reader.read(question, [Hit.of(text)])[0]
                took.setdefault(name, []).append(time.perf_counter() - began)
                best.setdefault(name, []).append((span.start, span.end, span.score))
                if row["answers"]:
                    right.setdefault(name, []).append(f1(span.text, [answer["text"] for answer in row["answers"]]))
    print(f"| {len(chosen)} paragraphs | best span the same | mean shift | same side of 0 | F1 | ms a read | of int8 |")
    print("|---|---|---|---|---|---|---|")
    for name, spans in best.items():
        pairs = list(zip(best["fp32"], spans, strict=True))
        same = np.mean([one[:2] == other[:2] for one, other in pairs])
        shift = np.mean([abs(one[2] - other[2]) for one, other in pairs])
        sides = np.mean([(one[2] > 0) == (other[2] > 0) for one, other in pairs])
        ratio = statistics.median(mine / its for mine, its in zip(took[name], took["int8"], strict=True))
        print(
            f"| {name} | {same:.1%} | {shift:.2f} | {sides:.1%} | {100 * np.mean(right[name]):.1f} "
            f"(n {len(right[name])}) | {1000 * statistics.median(took[name]):.1f} | {ratio:.2f} |"
        )


def answers(options: argparse.Namespace) -> None:
    """Asks until the time is over, then prints the figures of all questions asked so far."""
    chosen = [row for row in rows(options.data) if part(row["title"]) == "report"]
    chosen = random.Random(0).sample(chosen, QUESTIONS)  # noqa: S311
    held = options.out.read_text("utf-8").splitlines() if options.out.exists() else []
    found = [json.loads(line) for line in held]
    library = Library(load({"index": options.index, "collection": options.collection, "min_probability": 0}))
    pipeline = library.pipeline()
    ends = time.monotonic() + 60 * options.minutes
    with readers(options.source, "fp32", threads=0) as by_name, options.out.open("a", encoding="utf-8") as out:
        for row in chosen[len(found) :]:
            if time.monotonic() > ends:
                break
            golds = [answer["text"] for answer in row["answers"]]
            key = article_id(normalise(row["context"]))
            record: dict[str, Any] = {"id": row["id"]}
            for name, reader in by_name.items():
                result = replace(pipeline, reader=reader).ask(row["question"])
                text = result.answers[0].text if result.answers else ""
                record[name] = {"text": text, "exact": exact(text, golds), "f1": f1(text, golds)}
                record["found"] = any(hit.passage.article_id == key for hit in result.hits)
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
            found.append(record)
    library.close()
    print(f"{len(found)} questions, its paragraph among the ten {np.mean([one['found'] for one in found]):.1%}")
    for name in ("fp32", "int8w8"):
        one = [interval([100 * record[name][key] for record in found]) for key in ("exact", "f1")]
        print(name, *(f"{each.mean:.1f} ({each.low:.1f} to {each.high:.1f})" for each in one), sep=" | ")
    less = interval([100 * (record["int8w8"]["f1"] - record["fp32"]["f1"]) for record in found])
    print(f"F1 of int8w8 less that of fp32: {less.mean:+.2f} ({less.low:+.2f} to {less.high:+.2f})")
    same = np.mean([record["fp32"]["text"] == record["int8w8"]["text"] for record in found])
    print(f"the same answer: {same:.1%}")


def main() -> None:
    """Runs one of the three."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("job", choices=("export", "alike", "answers"))
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--looked-at", type=Path)
    parser.add_argument("--target", type=Path)
    parser.add_argument("--name", default="reader-v1")
    parser.add_argument("--index", type=Path)
    parser.add_argument("--collection", default="default")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--minutes", type=float, default=7)
    options = parser.parse_args()
    {"export": export, "alike": alike, "answers": answers}[options.job](options)


if __name__ == "__main__":
    main()
