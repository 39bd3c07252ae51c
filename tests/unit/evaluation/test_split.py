"""The split is a rule of the title alone."""

import pytest

from rag.evaluation.split import part


@pytest.mark.parametrize("title", ["Prime_number", "Warsaw", "Teacher"])
def test_for_fitting(title: str) -> None:
    assert part(title) == "fit"


@pytest.mark.parametrize("title", ["Super_Bowl_50", "Apollo_program", "Genghis_Khan"])
def test_to_report(title: str) -> None:
    assert part(title) == "report"
