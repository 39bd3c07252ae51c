"""Commands that change what is in the archive."""

from pathlib import Path
from typing import Annotated

import typer

from rag.cli.options import CollectionOption, ConfigOption, IndexOption, JsonOption, settings_of
from rag.errors import InputError, NotFoundError

IdsArgument = Annotated[list[str], typer.Argument(help="Ids of articles.", show_default=False)]


def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders or globs.", show_default=False)],
    *,
    index: IndexOption = None,
    collection: CollectionOption = None,
    config: ConfigOption = None,
    prune: Annotated[bool, typer.Option("--prune", help="Take out articles whose file under PATHS is gone.")] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="With --prune: also where a whole folder is empty or gone.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Put articles into the archive: .txt, .md, .html and .jsonl files, or folders of them."""
    from rag.bootstrap import Library
    from rag.console import IngestProgress, print_report
    from rag.loaders import count, globs, load
    from rag.pipeline import ingest as ingest_articles
    from rag.pipeline import prune as prune_articles

    if prune and (patterns := globs(paths)):
        raise InputError(f"cannot prune under the pattern {patterns[0]}", hint="give --prune folders or files")
    if allow_empty and not prune:
        raise InputError("--allow-empty goes with --prune", hint="add --prune, or leave it out")
    kept: list[str] = []
    with Library(settings_of(index, collection, config)) as library:
        archive = library.archive(create=True)
        with IngestProgress(total=lambda: count(paths)) as progress:
            report = ingest_articles(
                load(paths), archive=archive, chunker=library.chunker, embedder=library.embedder, progress=progress
            )
        if prune:
            under = [Path(path).resolve().as_posix() for path in paths]
            kept = prune_articles(archive, report, under=under, allow_empty=allow_empty)
    print_report(report, as_json=as_json, kept=len(kept))
    raise typer.Exit(1 if report.problems or kept else 0)


def delete(
    ids: IdsArgument, *, index: IndexOption = None, collection: CollectionOption = None, config: ConfigOption = None
) -> None:
    """Take articles out; their texts stay on record, so that old citations can be checked."""
    _take_out(ids, index, collection, config, forget=False)


def forget(
    ids: IdsArgument, *, index: IndexOption = None, collection: CollectionOption = None, config: ConfigOption = None
) -> None:
    """Take articles and all their former texts out for good: no file of the index keeps a trace of them."""
    _take_out(ids, index, collection, config, forget=True)


def _take_out(ids: list[str], index: Path | None, collection: str | None, config: Path | None, *, forget: bool) -> None:
    from rag.bootstrap import Library

    with Library(settings_of(index, collection, config)).inspect() as archive, archive.writing() as writer:
        gone = writer.forget(ids) if forget else writer.delete(ids)
    typer.echo(f"{len(gone)} {'forgotten' if forget else 'deleted'}")
    missing = [article_id for article_id in dict.fromkeys(ids) if article_id not in gone]
    if missing:
        raise NotFoundError(f"there is no article {missing[0]!r}", hint="rag search shows the ids of what it finds")
