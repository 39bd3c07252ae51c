"""Commands for whoever runs the service."""

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
from rag.settings import Settings, load


def serve(
    *,
    index: IndexOption = None,
    collection: CollectionOption = None,
    config: ConfigOption = None,
    reader: ReaderOption = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on.")] = None,
) -> None:
    """Serve the page and the HTTP API."""
    from rag.api.app import serve as serve_http
    from rag.logs import configure

    settings = settings_of(index, collection, config, reader=reader, host=host, port=port)
    configure(settings.log_level)
    address = f"http://{settings.host}:{settings.port}"
    typer.echo(f"Quoth: page {address}/   API {address}/docs   (Ctrl-C stops it)", err=True)
    serve_http(settings)


def settings(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Every setting: its value in force and what it does."""
    in_force = load(config=config)
    if as_json:
        print_json(in_force.model_dump(mode="json"))
        return
    for name, field in Settings.model_fields.items():
        typer.echo(f"{name:<16} {getattr(in_force, name)!s:<12} {field.description}  [RAG_{name.upper()}]")
