"""The command line. Exit status: 0 done, 1 some articles were rejected or the index is not well, 2 an error.

Abstaining is not an error.
"""

import sys
from typing import NoReturn

import typer

from rag.cli import articles, calibrate, index, models, questions, service
from rag.errors import RagError

app = typer.Typer(
    name="rag",
    help="Ask an archive; get the article's own words, where they stand, and how sure that is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    articles.ingest,
    articles.delete,
    articles.forget,
    questions.ask,
    questions.search,
    service.serve,
    calibrate.calibrate,
    models.train,
    models.export,
    service.settings,
):
    app.command()(command)
app.command("eval")(questions.evaluate)
app.add_typer(index.app, name="index")


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
