"""The files that a run reads: those it names, with questions for `rag eval` put over passages of an archive first."""

import json
from dataclasses import replace
from pathlib import Path

from rag.bootstrap import Library
from rag.errors import InputError
from rag.evaluation.questions import load_questions
from rag.settings import load
from rag.training.data import file_sha256, read_examples, write_examples
from rag.training.passages import examples_of
from rag.training.run import TrainingRun


def on_files(run: TrainingRun) -> tuple[TrainingRun, int]:
    """The run with passages for every question, and how many questions are left out because none holds the answer.

    What is found is written to ``out`` under the hash of the questions and stays as it is, so that a run goes on
    alike when the archive has changed. The archive is opened with the settings of the environment.

    Raises:
        InputError: there are questions without passages, and the run names no index.
        IndexMissingError: there is no such index.
    """
    sources, left_out = [], 0
    for path in run.sources:
        if not _lacks_passages(path):
            sources.append(path)
            continue
        questions = load_questions(path)
        kept = run.out / f"{path.stem}-{file_sha256(path)[:12]}.jsonl"
        if not kept.exists():
            if run.index is None:
                raise InputError(
                    f"the questions in {path} come without passages", hint="give the archive: --index, --collection"
                )
            with (
                Library(load({"index": run.index, "collection": run.collection})) as library,
                library.archive().reading() as view,
            ):
                found = examples_of(questions, index=view, retriever=library.retriever, source=path.stem)
            run.out.mkdir(parents=True, exist_ok=True)
            write_examples(found, kept)
        placed = {example.id for example in read_examples(kept)}
        left_out += sum(question.id not in placed for question in questions)
        sources.append(kept)
    return replace(run, sources=tuple(sources)), left_out


def _lacks_passages(path: Path) -> bool:
    """Whether it is a file of `rag.evaluation.questions`, by its first line."""
    if path.suffix != ".jsonl" or not path.is_file():
        return False
    with path.open(encoding="utf-8") as lines:
        first = next((line for line in lines if line.strip()), "{}")
    try:
        row = json.loads(first)
    except json.JSONDecodeError:
        return False
    return isinstance(row, dict) and "question" in row and "context" not in row
