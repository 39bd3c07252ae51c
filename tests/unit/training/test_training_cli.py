"""train and export, as one would type them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rag.bootstrap import Library
from rag.cli import app
from rag.errors import InputError, ModelError, RagError, SettingsError
from rag.reader.onnx import SHIPPED, OnnxReader
from rag.settings import load
from rag.training.recipe_file import TUNING, read_run
from tests.unit.training.conftest import CITIES, context, row

SETTINGS = """
buckets = [64, 96]
tokens = 384
steps = 12
lr = 3e-3
bf16 = false
compiled = false
threads = 1
[recipe]
longest = 96
overlap = 32
"""


def rag(*words: object) -> Result:
    env = {"RAG_EMBEDDER": "hashing", "RAG_THREADS": "1"}
    return CliRunner().invoke(app, [str(word) for word in words], env=env)


def failed(*words: object) -> RagError:
    error = rag(*words).exception
    assert isinstance(error, RagError), error
    return error


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "run.toml"
    path.write_text(f'out = "run"\nsources = ["questions.jsonl"]\n{SETTINGS}', encoding="utf-8")
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An index of the cities, and questions.jsonl about them without passages."""
    articles = [{"id": city, "title": city, "text": context(city)} for city in CITIES]
    (tmp_path / "cities.jsonl").write_text("\n".join(map(json.dumps, articles)), encoding="utf-8")
    rows = [row(city, kind) for city in CITIES for kind in ("country", "river")]
    asked = [
        {
            "id": one["id"],
            "question": one["question"],
            "answers": [one["answers"][0]["text"]],
            "article_ids": [one["title"]],
        }
        for one in rows
    ]
    asked.append({"id": "none", "question": "Who is mayor of Lyon?", "answers": [], "near": ["Lyon"]})
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    assert rag("ingest", tmp_path / "cities.jsonl", "--index", tmp_path / "index").exit_code == 0
    return tmp_path


@pytest.mark.slow
def test_from_questions_over_an_archive_to_a_reader_in_use(archive: Path, recipe: Path, tiny: Path) -> None:
    words = ("train", "--recipe", recipe, "--start", tiny, "--index", archive / "index")
    trained = rag(*words)
    assert trained.exit_code == 0, trained.output
    assert "step 12/12" in trained.stderr
    reader = archive / "run" / "averaged"
    assert trained.stdout.strip() == str(reader)
    record = json.loads((archive / "run" / "run.json").read_text())
    assert record["questions"]["learnt"] == 13
    assert record["questions"]["without_passage"] == 0
    assert record["settings"]["lr"] == 3e-3
    assert rag(*words).stdout.strip() == str(reader)

    data = next((archive / "run").glob("questions-*.jsonl"))
    exported = rag("export", reader, archive / "small", "--data", data)
    assert exported.exit_code == 0, exported.output
    assert "best spans the same" in exported.stdout
    assert failed("export", reader, archive / "small").message.endswith("is there already")

    asked = rag("ask", "--json", "--index", archive / "index", "--reader", archive / "small", "In which country?")
    assert asked.exit_code == 0, asked.output
    figures = rag("eval", archive / "questions.jsonl", "--index", archive / "index", "--reader", archive / "small")
    assert figures.exit_code == 0, figures.output

    again = rag(*words, "--start", archive / "small", "--out", archive / "second", "--lr", "1e-4")
    assert again.exit_code == 0, again.output


def test_a_setting_names_an_exported_reader_by_its_folder(tmp_path: Path) -> None:
    with Library(load({"reader": str(SHIPPED), "threads": 1})) as library:
        assert isinstance(library.reader, OnnxReader)
    (tmp_path / "model.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match=r"no manifest\.json"):
        _ = Library(load({"reader": str(tmp_path)})).reader


def test_without_a_recipe_the_shipped_reader_is_tuned(tmp_path: Path) -> None:
    run = read_run(TUNING, sources=(tmp_path / "x.jsonl",), out=tmp_path / "run")
    assert run.start == SHIPPED
    assert run.lr < 1e-4


@pytest.mark.parametrize("name", ["run1", "run2", "run3"])
def test_the_recipes_of_the_shipped_reader_are_read(name: str) -> None:
    folder = Path(__file__).parents[3] / "eval" / "runs" / "reader-v1"
    run = read_run(folder / f"{name}.toml")
    assert run.out == folder / name
    assert "policyqa_dev" in run.barred
    assert read_run(folder / f"{name}.toml", start="shipped").start == SHIPPED


def test_training_needs_questions_and_a_place(tmp_path: Path) -> None:
    assert isinstance(failed("train", "--out", tmp_path), SettingsError)
    assert isinstance(failed("train", tmp_path / "x.jsonl"), SettingsError)
    error = failed("train", tmp_path / "x.jsonl", "--out", tmp_path)
    assert isinstance(error, InputError)
    assert "x.jsonl" in error.message


@pytest.mark.slow
def test_squad_json_is_read_and_questions_without_an_archive_are_not(archive: Path, recipe: Path, tiny: Path) -> None:
    assert "come without passages" in str(failed("train", "--recipe", recipe, "--start", tiny))
    squad = {"data": [{"title": "Lyon", "paragraphs": [{"context": context("Lyon"), "qas": [row("Lyon", "year")]}]}]}
    (archive / "squad.json").write_text(json.dumps(squad), encoding="utf-8")
    done = rag("train", archive / "squad.json", "--recipe", recipe, "--start", tiny, "--epochs", "1")
    assert done.exit_code == 0, done.output
    assert json.loads((archive / "run" / "run.json").read_text())["questions"]["learnt"] == 1


def test_an_export_is_refused_with_the_reason(tmp_path: Path, tiny: Path) -> None:
    one = tmp_path / "one.jsonl"
    one.write_text(json.dumps(row("Lyon", "year")), encoding="utf-8")
    assert "fewer than two" in str(failed("export", tiny, tmp_path / "out", "--data", one))
    assert not (tmp_path / "out").exists()
