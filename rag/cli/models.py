"""Commands that make a reader."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.cli.options import CollectionOption, IndexOption
from rag.errors import InputError, ModelMissingError, SettingsError

if TYPE_CHECKING:
    from rag.reader.examples import Asked
    from rag.training.train import Progress


def train(
    sources: Annotated[
        list[Path] | None,
        typer.Argument(help="SQuAD JSON, one JSON object a line, or questions as for rag eval.", show_default=False),
    ] = None,
    *,
    recipe: Annotated[Path | None, typer.Option("--recipe", help="A run as TOML; what else is given beats it.")] = None,
    start: Annotated[
        str | None, typer.Option("--start", help="Folder of an encoder or reader, or: shipped (as without --recipe).")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for checkpoints and the trained reader.")] = None,
    index: IndexOption = None,
    collection: CollectionOption = None,
    epochs: Annotated[float | None, typer.Option("--epochs", help="How often to go through the questions.")] = None,
    lr: Annotated[float | None, typer.Option("--lr", help="Peak learning rate.")] = None,
) -> None:
    """Train a reader on questions with answers; the same command again goes on with a run that was cut short.

    Questions as for rag eval get their passages from the archive (--index, --collection). Without a recipe the
    shipped reader is tuned lightly.
    """
    try:
        from rag.training.recipe_file import TUNING, read_run
        from rag.training.train import train as train_reader
    except ModuleNotFoundError as error:
        raise ModelMissingError(f"training needs {error.name}", hint="python -m pip install 'quoth[train]'") from error
    if recipe is None and not (sources and out):
        raise SettingsError("no questions or no place to write to", hint="rag train FILE... --out DIR, or --recipe")
    given: dict[str, Any] = {
        "sources": tuple(sources or ()) or None,
        "start": start,
        "out": out,
        "index": index,
        "collection": collection,
        "epochs": epochs,
        "lr": lr,
    }
    run = read_run(recipe or TUNING, **{name: value for name, value in given.items() if value is not None})
    finished = train_reader(run, progress=_show)
    if sys.stderr.isatty():
        typer.echo(err=True)
    typer.echo(str(finished))


def _show(progress: "Progress") -> None:
    """One line that is overwritten on a terminal, a line each time elsewhere."""
    terminal = sys.stderr.isatty()
    typer.echo(f"\r{progress}\x1b[K" if terminal else str(progress), err=True, nl=not terminal)


def export(
    source: Annotated[Path, typer.Argument(help="Folder of a trained BERT reader.", show_default=False)],
    target: Annotated[Path, typer.Argument(help="Folder to write, not there yet.", show_default=False)],
    *,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Questions with passages like those that will be read, a hundred or more."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="What replies call it; default: the folder's.")] = None,
) -> None:
    """Write the reader for use (--reader), in int8; refused if it strays too far from the weights.

    Of the questions in --data every other one shows what the activations are like, the rest compare int8 with
    fp32; without it, examples that come with Quoth do.
    """
    from rag.reader.export import export_checked

    looked_at, asked = _halves(data) if data else (None, None)
    agreement = export_checked(
        source, target=target, name=name or target.resolve().name, looked_at=looked_at, asked=asked
    )
    typer.echo(str(agreement))


def _halves(path: Path) -> "tuple[list[Asked], list[Asked]]":
    from itertools import islice

    from rag.training.data import read_examples

    pairs = [(example.question, example.context) for example in islice(read_examples(path), CHECKED)]
    if len(pairs) < 2:
        raise InputError(f"{path} holds fewer than two questions", hint="some are looked at, others compared")
    return pairs[::2], pairs[1::2]


CHECKED = 400
"""Of a file of questions so many at most: an export stays a matter of seconds."""
