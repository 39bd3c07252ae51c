from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.training.data import Share
from rag.training.groups import Recipe
from rag.training.recipe_file import read_run

TEXT = """
sources = ["cities.jsonl", "more/rivers.json.gz"]
start = "encoder"
out = "run"
barred = ["closed"]
lr = 5e-5
buckets = [96, 288]
steps = 7

[recipe]
negatives = [0.5, 0.5]
longest = 288

[mixture.cities]

[mixture.rivers]
cap = 10
stands_alone = false
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_recipe_is_read_with_paths_beside_the_file(tmp_path: Path) -> None:
    run = read_run(written(tmp_path, TEXT))
    assert run.sources == (tmp_path / "cities.jsonl", tmp_path / "more" / "rivers.json.gz")
    assert (run.start, run.out, run.pause) == (tmp_path / "encoder", tmp_path / "run", None)
    assert run.barred == {"closed"}
    assert run.buckets == (96, 288)
    assert run.recipe == Recipe(negatives=(0.5, 0.5), longest=288)
    assert run.mixture == {"cities": Share(), "rivers": Share(cap=10, stands_alone=False)}


def test_fields_given_beside_the_file_win(tmp_path: Path) -> None:
    run = read_run(written(tmp_path, TEXT), out=tmp_path / "other", steps=3)
    assert run.out == tmp_path / "other"
    assert run.steps == 3


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("learning_rate = 1.0\n" + TEXT, "learning_rate"),
        (TEXT.replace("cap = 10", "capp = 10"), "mixture.rivers"),
        (TEXT.replace("longest", "widest"), "recipe"),
        (TEXT.replace("steps = 7", 'steps = "many"'), "steps"),
        (TEXT.replace('start = "encoder"', ""), "start"),
        (TEXT.replace("longest = 288", "longest = 300"), "no bucket holds"),
        (TEXT.replace("cap = 10", "cap = 0"), "mixture"),
        (TEXT.replace("[96, 288]", "[288, 96]"), "must rise"),
        (TEXT.replace("[0.5, 0.5]", "[0.0]"), "negatives"),
        (TEXT.replace("lr = 5e-5", "lr = 0"), "above 0"),
        (TEXT.replace("lr = 5e-5", "tokens = 100"), "raise tokens"),
        (TEXT.replace('["cities.jsonl", "more/rivers.json.gz"]', "[]"), "at least one source"),
        ("= 1", "cannot read"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, change: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        read_run(written(tmp_path, change))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read"):
        read_run(tmp_path / "none.toml")
