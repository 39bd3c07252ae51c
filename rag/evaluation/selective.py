"""How far probabilities can be trusted, and what silence buys, as a table."""

from collections.abc import Callable, Sequence

from rag.evaluation.metrics import (
    Interval,
    area_under_risk,
    bootstrap,
    brier,
    calibration_error,
    kept_at,
    roc_auc,
)
from rag.evaluation.probe import Probe

FEW = 200
"""Below so many questions the figures say little."""


def selective_report(probes: Sequence[Probe], probabilities: Sequence[float]) -> str:
    """A Markdown table over the questions as they are written and in pairs, each figure with its 95 % interval.

    Intervals come from drawing whole groups of questions. The probabilities must not have been fitted on these
    probes (see `rag.evaluation.calibrate.cross_fitted`).
    """
    written = [at for at, probe in enumerate(probes) if not probe.without]
    paired = [at for at, probe in enumerate(probes) if probe.answerable]
    columns = {"as written": written} | ({"in pairs": paired} if any(probe.without for probe in probes) else {})
    lines = ["| | " + " | ".join(f"{name} (n {len(rows)})" for name, rows in columns.items()) + " |"]
    lines.append("|---" * (1 + len(columns)) + "|")
    for name, measure in _MEASURES.items():
        cells = [_cell(measure, probes, probabilities, rows) for rows in columns.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    if len(written) < FEW:
        lines.append(f"\n{len(written)} questions are few: take these figures with caution, {FEW} would do.")
    return "\n".join(lines) + "\n"


def right_against_wrong(scores: Sequence[float], right: Sequence[bool]) -> float:
    """How often a right answer is the more probable one of a right and a wrong one (ROC AUC)."""
    return roc_auc(
        [score for score, good in zip(scores, right, strict=True) if good],
        [score for score, good in zip(scores, right, strict=True) if not good],
    )


def share_right(scores: Sequence[float], right: Sequence[bool]) -> float:
    """Share of right answers if none is held back."""
    del scores
    return sum(right) / max(1, len(right))


_MEASURES: dict[str, Callable[[Sequence[float], Sequence[bool]], float]] = {
    "right, never abstaining": share_right,
    "AUC of right against wrong": right_against_wrong,
    "calibration error, debiased": calibration_error,
    "Brier score": brier,
    "AURC": area_under_risk,
    "of the right answers, given where 80 % of those given are right": lambda scores, right: kept_at(
        0.8, scores, right
    ),
    "the same at 90 %": lambda scores, right: kept_at(0.9, scores, right),
}


def _cell(
    measure: Callable[[Sequence[float], Sequence[bool]], float],
    probes: Sequence[Probe],
    probabilities: Sequence[float],
    rows: Sequence[int],
) -> str:
    found: Interval = bootstrap(
        measure,
        [probabilities[at] for at in rows],
        [probes[at].right for at in rows],
        groups=[probes[at].group for at in rows],
        resamples=200,
    )
    return f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f})"
