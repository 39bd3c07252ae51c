"""What the command line shows to people. Article text is printed as it is, never read as markup."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from rag.pipeline import IngestReport
from rag.types import Answer, Article, Citation, Hit, Result

PLAIN_EVERY_S = 5.0
OTHER_PLACES = 3
UNBOUNDED = 1_000_000


class IngestProgress:
    """A bar with rate and time left on a terminal, a plain line now and then elsewhere."""

    def __init__(self, *, total: Callable[[], int]) -> None:
        self._total = total
        self._bar: Progress | None = None
        self._began = self._shown = time.monotonic()

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            columns = (
                TextColumn("ingesting"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._task = self._bar.add_task("", total=self._total(), rate="")
            self._bar.start()
        return self

    def __call__(self, report: IngestReport) -> None:
        """Shows how far it is."""
        elapsed = max(time.monotonic() - self._began, 1e-6)
        rate = f"{report.passages / elapsed:.0f} passages/s"
        if self._bar:
            self._bar.update(self._task, completed=report.seen, rate=rate)
        elif time.monotonic() - self._shown >= PLAIN_EVERY_S:
            self._shown = time.monotonic()
            print(f"{report.seen} articles, {rate}", file=sys.stderr)  # noqa: T201

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()


@contextmanager
def counting(verb: str, *, total: int) -> Iterator[Callable[[int], None]]:
    """A bar that is told how many are done; nothing where no one is looking."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    columns = (TextColumn(verb), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, completed=done)


def print_report(report: IngestReport, *, as_json: bool, kept: int = 0) -> None:
    """What an ingest did: rejected articles to standard error, the counts to standard output.

    ``kept`` is how many articles were not pruned because a whole folder of them is empty or gone.
    """
    for error in report.problems:
        print(f"rejected: {error}", file=sys.stderr)  # noqa: T201
    if kept:
        print(  # noqa: T201
            f"{kept} {'article was' if kept == 1 else 'articles were'} not pruned: nothing is left in their folder, "
            "which may just not be mounted; --prune --allow-empty takes them out",
            file=sys.stderr,
        )
    counts = {name: getattr(report, name) for name in ("added", "replaced", "unchanged", "removed", "passages")}
    counts["rejected"] = len(report.problems)
    if as_json:
        print(json.dumps(counts))  # noqa: T201
        return
    print(", ".join(f"{count} {name}" for name, count in counts.items() if count or name == "added"))  # noqa: T201
    if report.cleaned:
        print(f"{report.cleaned} characters that cannot be stored were dropped", file=sys.stderr)  # noqa: T201


def print_result(result: Result) -> None:
    """The answers with their sentences, the span highlighted; or why there is none, what might be one, what is near."""
    console = _console()
    for answer in result.answers:
        head = Text(_one_line(answer.text), style="bold")
        head.append(f"   {answer.probability:.0%} {answer.likelihood}", style="dim")
        console.print(head)
        for citation in answer.citations[: 1 + OTHER_PLACES]:
            console.print(_indented(_cited(citation)))
        hidden = len(answer.citations) - 1 - OTHER_PLACES
        if hidden > 0:
            console.print(Text(f"  and {hidden} more places (--json lists them)", style="dim"))
        console.print()
    if result.abstained:
        console.print(Text(f"The archive does not say. {_sentence(result.reason or '')}", style="bold"))
        for candidate in result.candidates:
            console.print(_perhaps(candidate), no_wrap=True, overflow="ellipsis")
        if result.nearest:
            console.print(Text("Nearest passages:", style="dim"))
        for citation in result.nearest:
            console.print(_indented(_near(citation)))
        console.print()
    if result.calibration.promise:
        console.print(Text(_sentence(result.calibration.promise.words), style="dim"))
    provisional = "provisional, " if result.calibration.provisional else ""
    calibration = f"probabilities: {provisional}{result.calibration.name}"
    console.print(
        Text(f"{result.timings['total_ms']:.0f} ms · {len(result.hits)} passages · {calibration}", style="dim")
    )


def print_hits(hits: Sequence[Hit]) -> None:
    """One block a passage: its ranks, where it stands, its text."""
    console = _console()
    for place, hit in enumerate(hits, start=1):
        ranks = ", ".join(f"{name} {rank}" for name, rank in hit.ranks.items())
        passage = hit.passage
        console.print(Text(f"{place}. {passage.article_id} [{passage.start}:{passage.end}]  {ranks}", style="bold"))
        console.print(_indented(Text(passage.text)))
    if not hits:
        console.print("nothing found")


def print_facts(facts: Mapping[str, object]) -> None:
    """One fact a line."""
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        print(f"{name:<{width}}  {value}")  # noqa: T201


def _console() -> Console:
    """A console that wraps for people and never cuts a line for programs."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else UNBOUNDED)


def _indented(text: Text) -> Padding | Text:
    if sys.stdout.isatty():
        return Padding(text, (0, 0, 0, 2))
    return Text("  ") + Text("\n  ").join(text.split("\n"))


def _cited(citation: Citation) -> Text:
    quote = _one_line(citation.quote)
    line = Text(_one_line(citation.before))
    if sys.stdout.isatty():
        line.append(quote, style="black on yellow")
    else:
        line.append(f"[{quote}]")
    line.append(_one_line(citation.after))
    line.append("\n")
    line.append(_origin(citation), style="dim")
    return line


def _perhaps(candidate: Answer) -> Text:
    chance = f"{candidate.probability:.0%} {candidate.likelihood}"
    title = _one_line(candidate.citations[0].article.title)
    return Text(f'perhaps: "{_one_line(candidate.text)}" ({chance}) - {title}', style="dim")


def _near(citation: Citation) -> Text:
    excerpt = _one_line(citation.quote)
    line = Text(excerpt if len(excerpt) <= 200 else excerpt[:200].rsplit(" ", 1)[0] + " …")
    line.append("\n")
    line.append(_origin(citation), style="dim")
    return line


def _origin(citation: Citation) -> str:
    article: Article = citation.article
    date = f"{article.published_at:%Y-%m-%d}" if article.published_at else None
    place = f"{article.id} [{citation.start}:{citation.end}]"
    return " · ".join(part for part in (article.title, article.source, date, article.url, place) if part)


def _one_line(text: str) -> str:
    return text.replace("\n", " ")


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}." if reason else ""
