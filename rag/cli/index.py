"""Commands that look after an index."""

from dataclasses import asdict

import typer

from rag.cli.options import CollectionOption, ConfigOption, IndexOption, JsonOption, print_json, settings_of

app = typer.Typer(help="Look after an index.", no_args_is_help=True)


@app.command()
def show(
    index: IndexOption = None,
    collection: CollectionOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What is in the index."""
    from rag.bootstrap import Library
    from rag.console import print_facts

    with Library(settings_of(index, collection, config)).inspect() as archive, archive.reading() as view:
        facts = asdict(view.facts())
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


@app.command()
def verify(index: IndexOption = None, collection: CollectionOption = None, config: ConfigOption = None) -> None:
    """Check that everything in the index agrees with everything else."""
    from rag.bootstrap import Library

    findings = Library(settings_of(index, collection, config)).verify()
    for finding in findings:
        typer.echo(finding, err=True)
    typer.echo("not well" if findings else "well: articles, passages, words, vectors and snapshot agree")
    raise typer.Exit(1 if findings else 0)


@app.command()
def compact(index: IndexOption = None, collection: CollectionOption = None, config: ConfigOption = None) -> None:
    """Give back the room of what was deleted and write a fresh snapshot."""
    from rag.bootstrap import Library

    with Library(settings_of(index, collection, config)).inspect() as archive:
        archive.compact()
    typer.echo("compacted")


@app.command()
def upgrade(index: IndexOption = None, collection: CollectionOption = None, config: ConfigOption = None) -> None:
    """Rebuild passages, words and vectors from the stored articles, with the format and models of now."""
    from rag.bootstrap import Library
    from rag.console import counting

    with Library(settings_of(index, collection, config)) as library:
        rebuilt = library.upgrade(counting=lambda total: counting("upgrading", total=total))
    typer.echo("upgraded" if rebuilt else "current already: nothing was done")
