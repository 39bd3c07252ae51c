"""The command line. Exit status: 0 done, 1 some articles were rejected or the index is not well, 2 an error.

Abstaining is not an error.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from rag.errors import InputError, RagError
from rag.settings import Settings, load

app = typer.Typer(
    name="rag",
    help="Ask an archive; get the article's own words, where they stand, and how sure that is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
index_app = typer.Typer(help="Look after an index.", no_args_is_help=True)
app.add_typer(index_app, name="index")

IndexOption = Annotated[Path | None, typer.Option("--index", help="Folder that holds the collections.")]
CollectionOption = Annotated[str | None, typer.Option("--collection", help="Collection to use.")]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="Settings from a TOML file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
TopKOption = Annotated[int | None, typer.Option("--top-k", help="Passages to read.")]
QuestionArgument = Annotated[str, typer.Argument(help="The question, in quotes.", show_default=False)]


@app.command()
def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders or globs.", show_default=False)],
    *,
    index: IndexOption = None,
    collection: CollectionOption = None,
    config: ConfigOption = None,
    prune: Annotated[bool, typer.Option("--prune", help="Take out articles whose file under PATHS is gone.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put articles into the archive: .txt, .md, .html and .jsonl files, or folders of them."""
    from rag.bootstrap import Library
    from rag.console import IngestProgress, print_report
    from rag.loaders import count, globs
    from rag.loaders import load as load_files
    from rag.pipeline import ingest as ingest_articles
    from rag.pipeline import prune as prune_articles

    if prune and (patterns := globs(paths)):
        raise InputError(f"cannot prune under the pattern {patterns[0]}", hint="give --prune folders or files")
    library = Library(_settings(index, collection, config))
    archive = library.archive(create=True)
    kept: list[str] = []

    def noted() -> Any:
        for item in load_files(paths):
            if item.article is not None:
                kept.append(item.article.id)
            yield item

    with IngestProgress(total=lambda: count(paths)) as progress:
        report = ingest_articles(
            noted(), archive=archive, chunker=library.chunker, embedder=library.embedder, progress=progress
        )
    if prune and not report.rejected:
        under = [Path(path).resolve().as_posix() for path in paths]
        report.removed = len(prune_articles(archive, kept=kept, under=under))
    library.close()
    print_report(report, as_json=as_json, pruning_skipped=prune and bool(report.rejected))
    raise typer.Exit(1 if report.rejected else 0)


@app.command()
def ask(
    question: QuestionArgument,
    *,
    index: IndexOption = None,
    collection: CollectionOption = None,
    config: ConfigOption = None,
    top_k: TopKOption = None,
    max_answers: Annotated[int | None, typer.Option("--max-answers", help="Distinct answers at most.")] = None,
    min_probability: Annotated[float | None, typer.Option("--min-probability", help="Abstain below this.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question in the archive's own words, or say that the archive does not say."""
    from rag.api.views import ask_response
    from rag.bootstrap import Library
    from rag.console import print_result

    settings = _settings(
        index, collection, config, top_k=top_k, max_answers=max_answers, min_probability=min_probability
    )
    library = Library(settings)
    result = library.pipeline().ask(question)
    library.close()
    if as_json:
        typer.echo(ask_response(result).model_dump_json(indent=2, exclude_none=False))
    else:
        print_result(result)


@app.command()
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
    from rag.api.views import passage_views
    from rag.bootstrap import Library
    from rag.console import print_hits

    library = Library(_settings(index, collection, config, top_k=top_k))
    pipeline = library.pipeline()
    hits = pipeline.search(question)
    if as_json:
        _print_json([view.model_dump(mode="json") for view in passage_views(hits, archive=pipeline.archive)])
    else:
        print_hits(hits)
    library.close()


@app.command()
def serve(
    index: IndexOption = None,
    collection: CollectionOption = None,
    config: ConfigOption = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on.")] = None,
) -> None:
    """Serve the page and the HTTP API."""
    from rag.api.app import serve as serve_http
    from rag.logs import configure

    settings = _settings(index, collection, config, host=host, port=port)
    configure(settings.log_level)
    address = f"http://{settings.host}:{settings.port}"
    typer.echo(f"Quoth: page {address}/   API {address}/docs   (Ctrl-C stops it)", err=True)
    serve_http(settings)


@app.command("eval")
def evaluate(
    questions: Annotated[Path, typer.Argument(help="Questions with gold answers (.jsonl).", exists=True)],
    *,
    index: IndexOption = None,
    collection: CollectionOption = None,
    config: ConfigOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Keep every prediction and the summary here.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Ask only the first so many.")] = None,
) -> None:
    """Ask questions whose answers are known, and say how good the answers are."""
    from dataclasses import asdict

    from rag.bootstrap import Library
    from rag.console import counting
    from rag.evaluation.questions import load_questions
    from rag.evaluation.runner import predict, summarise

    settings = _settings(index, collection, config)
    library = Library(settings)
    asked = load_questions(questions)[:limit]
    with counting("asking", total=len(asked)) as progress:
        predictions = predict(library.pipeline(), asked, progress=progress)
    library.close()
    summary = summarise(asked, predictions, min_probability=settings.min_probability)
    if out:
        record = {
            "settings": settings.model_dump(mode="json", exclude={"index", "cache", "host", "port"}),
            "summary": summary,
            "predictions": [asdict(prediction) for prediction in predictions],
        }
        out.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
    _print_json(summary)


@index_app.command("show")
def index_show(
    index: IndexOption = None,
    collection: CollectionOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What is in the index."""
    from rag.bootstrap import Library
    from rag.console import print_facts

    facts = Library(_settings(index, collection, config)).facts()
    if as_json:
        _print_json(dict(facts))
    else:
        print_facts(facts)


@index_app.command("verify")
def index_verify(index: IndexOption = None, collection: CollectionOption = None, config: ConfigOption = None) -> None:
    """Check that everything in the index agrees with everything else."""
    from rag.bootstrap import Library

    findings = Library(_settings(index, collection, config)).verify()
    for finding in findings:
        typer.echo(finding, err=True)
    typer.echo("not well" if findings else "well: articles, passages, words, vectors and snapshot agree")
    raise typer.Exit(1 if findings else 0)


@index_app.command("compact")
def index_compact(index: IndexOption = None, collection: CollectionOption = None, config: ConfigOption = None) -> None:
    """Give back the room of what was deleted and write a fresh snapshot."""
    from rag.bootstrap import Library

    Library(_settings(index, collection, config)).compact()
    typer.echo("compacted")


@app.command()
def settings(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Every setting: its value in force and what it does."""
    in_force = load(config=config)
    if as_json:
        _print_json(in_force.model_dump(mode="json"))
        return
    for name, field in Settings.model_fields.items():
        typer.echo(f"{name:<16} {getattr(in_force, name)!s:<12} {field.description}  [RAG_{name.upper()}]")


def _settings(index: Path | None, collection: str | None, config: Path | None, **flags: object) -> Settings:
    return load({"index": index, "collection": collection, **flags}, config=config)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def main() -> NoReturn:
    """Runs the command line and ends the process."""
    try:
        app(standalone_mode=True)
    except RagError as error:
        typer.echo(f"error: {error.message}", err=True)
        if error.hint:
            typer.echo(f"hint: {error.hint}", err=True)
        sys.exit(2)
    sys.exit(0)
