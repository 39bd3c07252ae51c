"""The command that fits probabilities to an archive's own questions."""

from pathlib import Path
from typing import Annotated

import typer

from rag.cli.options import CollectionOption, ConfigOption, IndexOption, settings_of


def calibrate(
    questions: Annotated[Path, typer.Argument(help="Questions with gold answers (.jsonl).", exists=True)],
    *,
    index: IndexOption = None,
    collection: CollectionOption = None,
    config: ConfigOption = None,
    promise: Annotated[
        float | None,
        typer.Option("--promise", min=0.001, max=0.999, help="Largest share of wrong answers among those given."),
    ] = None,
    pairs: Annotated[
        bool, typer.Option("--pairs/--no-pairs", help="Ask answerable questions again without their articles.")
    ] = True,
    name: Annotated[str | None, typer.Option("--name", help="What it is fitted on, in a few words.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write it here, not beside the collection.")] = None,
) -> None:
    """Fit the probability of being right to your own questions, and find what can be promised."""
    from rag.bootstrap import Library
    from rag.calibration import FILE
    from rag.console import counting
    from rag.evaluation.calibrate import calibrate as fit
    from rag.evaluation.calibrate import cross_fitted
    from rag.evaluation.probe import probe
    from rag.evaluation.questions import load_questions
    from rag.evaluation.selective import selective_report

    asked = load_questions(questions)
    settings = settings_of(index, collection, config)
    with Library(settings) as library:
        pipeline = library.pipeline()
        with counting("asking", total=len(asked)) as progress:
            probes = probe(pipeline, asked, pairs=pairs, progress=progress)
        setup = pipeline.setup(settings.top_k)
        target = out or library.path(settings.collection) / FILE
    fitted, short = fit(
        probes, name=name or f"{len(asked)} questions of {questions.name}", setup=setup, promise=promise
    )
    fitted.save(target)
    typer.echo(selective_report(probes, cross_fitted(probes)), nl=False)
    for shortfall in short:
        typer.echo(str(shortfall), err=True)
    typer.echo(f"written to {target}: {fitted.promise or 'no promise'}")
    raise typer.Exit(1 if promise and fitted.promise is None else 0)
