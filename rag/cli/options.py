"""Options that commands share, and the settings that they come to."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rag.settings import Settings, load

IndexOption = Annotated[Path | None, typer.Option("--index", help="Folder that holds the collections.")]
CollectionOption = Annotated[str | None, typer.Option("--collection", help="Collection to use.")]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="Settings from a TOML file.")]
ReaderOption = Annotated[
    str | None, typer.Option("--reader", help="Reader: default, overlap, a folder of rag export, or a QA model.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def settings_of(index: Path | None, collection: str | None, config: Path | None, **flags: object) -> Settings:
    """The settings in force under these options; None was not given."""
    return load({"index": index, "collection": collection, **flags}, config=config)


def print_json(value: object) -> None:
    """Prints the value, indented, letters as they are."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
