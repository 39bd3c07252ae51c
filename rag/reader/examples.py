"""Questions asked of short news reports of our own: what a reader is exported with when no others are given."""

import json
from importlib import resources
from typing import TypeAlias

Asked: TypeAlias = tuple[str, str]
"""A question and the text that it is asked of."""


def examples() -> tuple[list[Asked], list[Asked]]:
    """60 to look at when weights are smoothed, and 60 of other reports to compare precisions on.

    Invented reports; half of the questions cannot be answered from them.
    """
    lines = resources.files("rag.models").joinpath("examples.jsonl").read_text("utf-8").splitlines()
    reports = [[(question, record["text"]) for question in record["questions"]] for record in map(json.loads, lines)]
    looked_at, compared = ([asked for report in reports[start::2] for asked in report] for start in (0, 1))
    return looked_at, compared
