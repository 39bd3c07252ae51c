"""Commands that ask."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rag.cli.options import (
    CollectionOption,
    ConfigOption,
    IndexOption,
    JsonOption,
    ReaderOption,
    print_json,
    settings_of,
)

TopKOption = Annotated[int | None, typer.Option("--top-k", help="Passages to read.")]
QuestionArgument = Annotated[str, typer.Argument(help="The question, in quotes.", show_default=False)]


def ask(
    question: QuestionArgument,
    *,
    index: IndexOption = None,
    collection: CollectionOption = None,
    config: ConfigOption = None,
    reader: ReaderOption = None,
    top_k: TopKOption = None,
    max_answers: Annotated[int | None, typer.Option("--max-answers", help="Distinct answers at most.")] = None,
    min_probability: Annotated[float | None, typer.Option("--min-probability", help="Abstain below this.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question in the archive's own words, or say that the archive does not say."""
    from rag.bootstrap import Library
    from rag.console import print_result
    from rag.responses.views import ask_response

    with Library(settings_of(index, collection, config, reader=reader)) as library:
        result = library.pipeline().ask(question, top_k=top_k, max_answers=max_answers, min_probability=min_probability)
    if as_json:
        typer.echo(ask_response(result).model_dump_json(indent=2))
    else:
        print_result(result)


def search(
    question: QuestionArgument,
    *,
    index: IndexOption = None,
    collection: CollectionOption = None,
    config: ConfigOption = None,
    top_k: TopKOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the passages that would be read for a question."""
    from rag.bootstrap import Library
    from rag.console import print_hits
    from rag.responses.views import passage_views

    with Library(settings_of(index, collection, config)) as library:
        hits = library.pipeline().search(question, top_k=top_k)
    if as_json:
        print_json([view.model_dump(mode="json") for view in passage_views(hits)])
    else:
        print_hits(hits)


def evaluate(
    questions: Annotated[Path, typer.Argument(help="Questions with gold answers (.jsonl).", exists=True)],
    *,
    index: IndexOption = None,
    collection: CollectionOption = None,
    config: ConfigOption = None,
    reader: ReaderOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Keep every prediction and the summary here.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Ask only the first so many.")] = None,
) -> None:
    """Ask questions whose answers are known, and say how good the answers are."""
    from dataclasses import asdict

    from rag.bootstrap import Library
    from rag.console import counting
    from rag.evaluation.questions import load_questions
    from rag.evaluation.runner import predict, summarise

    settings = settings_of(index, collection, config, reader=reader)
    asked = load_questions(questions)[:limit]
    with Library(settings) as library, counting("asking", total=len(asked)) as progress:
        pipeline = library.pipeline()
        predictions = predict(pipeline, asked, progress=progress)
    summary = summarise(asked, predictions, min_probability=pipeline.threshold)
    if out:
        record = {
            "settings": settings.model_dump(mode="json", exclude={"index", "cache", "host", "port"}),
            "summary": summary,
            "predictions": [asdict(prediction) for prediction in predictions],
        }
        out.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
    print_json(summary)
