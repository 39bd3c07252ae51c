"""How far the probabilities in force can be trusted, over questions that they were not fitted on; and 100 promises.

    python eval/trust.py report --index DIR --collection NAME --questions FILE
    python eval/trust.py splits --index DIR --collection NAME --questions FILE

``report`` asks every question, the answerable ones also without their articles, and prints the table of
`rag calibrate` with the probabilities of the calibration in force, and what is given at its threshold, with
exact intervals (Clopper and Pearson). ``splits`` fits and promises anew on 70 % of the articles, 100 times, and
checks each promise on the other 30 %.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from scipy.stats import beta

from rag.bootstrap import Library
from rag.evaluation.calibrate import RISKS, chances, fit, populations, promised, share
from rag.evaluation.probe import Probe, probe
from rag.evaluation.questions import load_questions
from rag.evaluation.selective import selective_report
from rag.settings import load

SPLITS = 100
CHECKED = 0.3


def exactly(count: int, total: int) -> str:
    """A share with its exact 95 % interval."""
    low = beta.ppf(0.025, count, total - count + 1) if count else 0.0
    high = beta.ppf(0.975, count + 1, total - count) if count < total else 1.0
    return f"{count} of {total}: {count / max(1, total):.1%} ({low:.1%} to {high:.1%})"


def report(probes: Sequence[Probe], *, threshold: float) -> None:
    """Prints the table and the counts."""
    print(selective_report(probes, [one.probability for one in probes]))
    for name, rows in {
        "as written": [one for one in probes if not one.without],
        "in pairs": [one for one in probes if one.answerable],
    }.items():
        given = [one for one in rows if one.probability >= threshold]
        says = [one for one in rows if one.answerable and not one.without]
        silent = [one for one in rows if not one.answerable or one.without]
        print(f"{name}, from {threshold:.2f} on")
        print("  right, of those given", exactly(sum(one.right for one in given), len(given)))
        print("  answered, of the answerable", exactly(sum(one.probability >= threshold for one in says), len(says)))
        print("  silent, of the others", exactly(sum(one.probability < threshold for one in silent), len(silent)))


def splits(probes: Sequence[Probe]) -> None:
    """Prints how often each promise could be made, and how often it then held on articles that it never saw."""
    for risk in (*RISKS, 0.4, 0.5):
        made = held = 0
        for number in range(SPLITS):
            rest = [one for one in probes if share(one.group, salt=f"check{number}") < CHECKED]
            used = [one for one in probes if share(one.group, salt=f"check{number}") >= CHECKED]
            fitting = [one for one in used if share(one.group, salt=f"half{number}") < 0.5]
            testing = [one for one in used if share(one.group, salt=f"half{number}") >= 0.5]
            curve = fit(fitting, name="")
            promise = promised(curve, fitting=fitting, testing=testing, wrong_at_most=risk)
            if promise is None:
                continue
            made += 1
            wrong = [
                missed[found >= promise.min_probability]
                for found, missed in (chances(curve, p) for p in populations(rest))
            ]
            held += all(part.mean() <= risk for part in wrong if len(part))
        print(f"at most {risk:.0%} wrong: made on {made} of {SPLITS} splits, held on {held}")


def main() -> None:
    """Runs one of the two."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("job", choices=("report", "splits"))
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--collection", default="default")
    parser.add_argument("--questions", type=Path, required=True)
    options = parser.parse_args()
    with Library(load({"index": options.index, "collection": options.collection})) as library:
        pipeline = library.pipeline()
        probes = probe(pipeline, load_questions(options.questions))
    if options.job == "report":
        report(probes, threshold=pipeline.threshold)
    else:
        splits(probes)


if __name__ == "__main__":
    main()
