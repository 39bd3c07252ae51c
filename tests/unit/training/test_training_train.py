import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from rag.errors import InputError, ModelError
from rag.training.averaging import average_models
from rag.training.data import Share
from rag.training.groups import Recipe
from rag.training.network import load
from rag.training.predict import read_all
from rag.training.run import TrainingRun
from rag.training.train import Progress, train

RECIPE: dict[str, Any] = {"longest": 96, "overlap": 64}
SETTINGS: dict[str, Any] = {
    "buckets": (64, 96),
    "tokens": 384,
    "steps": 6,
    "lr": 3e-3,
    "bf16": False,
    "compiled": False,
    "threads": 1,
}


@pytest.fixture
def run(tmp_path: Path, tiny: Path, questions: Path) -> TrainingRun:
    return TrainingRun(sources=(questions,), start=tiny, out=tmp_path / "run", recipe=Recipe(**RECIPE), **SETTINGS)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def same(one: Path, other: Path) -> bool:
    first, second = weights(one), weights(other)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_cut_short_goes_on_exactly_where_it_was(run: TrainingRun, tmp_path: Path) -> None:
    whole = train(run)
    assert whole == run.out / "averaged"
    parts = replace(run, out=tmp_path / "parts")
    assert train(parts, stop_after=2) is None
    assert train(parts, stop_after=5) is None
    assert sorted(path.name for path in (parts.out / "checkpoints").iterdir()) == ["step-00000002", "step-00000005"]
    train(parts)
    for name in ("final", "averaged"):
        assert same(run.out / name, parts.out / name)
    assert not same(run.out / "final", run.out / "averaged")


KILLED = """
import json, os, signal, sys
from pathlib import Path
from rag.training import train
from rag.training.groups import Recipe
from rag.training.run import TrainingRun

source, start, out, settings, recipe = sys.argv[1:]
run = TrainingRun(
    sources=(Path(source),), start=Path(start), out=Path(out), recipe=Recipe(**json.loads(recipe)),
    checkpoint_minutes=0.0, **{**json.loads(settings), "buckets": (64, 96)},
)
train.EVERY = 4
train.train(run, progress=lambda _: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_alike(run: TrainingRun, tmp_path: Path) -> None:
    train(run)
    killed = replace(run, out=tmp_path / "killed", checkpoint_minutes=0.0)
    places = [str(run.sources[0]), str(run.start), str(killed.out)]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *places, json.dumps(SETTINGS), json.dumps(RECIPE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (killed.out / "checkpoints" / "step-00000003").exists()
    assert not (killed.out / "final").exists()
    train(killed)
    for name in ("final", "averaged"):
        assert same(run.out / name, killed.out / name)


@pytest.mark.slow
def test_training_lowers_the_loss_and_learns_a_kind_of_question(
    run: TrainingRun, tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    one_kind = tmp_path / "countries.jsonl"
    one_kind.write_text("".join(json.dumps(row) + "\n" for row in rows if row["id"].endswith("country")))
    run = replace(run, sources=(one_kind,))
    lines: list[Progress] = []
    recipe = replace(run.recipe, negatives=(1.0,), only_negatives=0.0, edited=0.0, bare=0.0)
    folder = train(replace(run, steps=100, lr=2e-3, recipe=recipe, average=0.9), progress=lines.append)
    assert folder is not None
    assert len(lines) == 10
    assert lines[-1].loss < lines[0].loss
    assert lines[-1].seconds_left == 0
    assert "step 100/100" in str(lines[-1])
    network, tokenizer = load(folder, bf16=False, seed=1)
    passage = "The city of Lyon lies in France on the river Rhone. It joined the union in 1312, after a long war."
    (best,) = read_all(network, tokenizer, [("In which country does Lyon lie?", passage)])
    assert best is not None
    assert passage[best.start : best.end] == "France"
    assert best.score > 0


def test_a_run_goes_on_from_a_finished_reader(run: TrainingRun, tmp_path: Path) -> None:
    first = train(run)
    assert first is not None
    untouched = replace(run, start=first, out=tmp_path / "second", lr=1e-12)
    second = train(untouched)
    assert second is not None
    for name, value in weights(first).items():
        torch.testing.assert_close(weights(second)[name], value)


def test_the_record_says_what_was_learnt_from(run: TrainingRun, questions: Path) -> None:
    kept = replace(run, held_out=0.5, held_out_sources=frozenset({"cities"}))
    train(kept)
    record = json.loads((run.out / "run.json").read_text())
    assert record["data_sha256"].keys() == {questions.name}
    assert record["questions"]["learnt"] + record["questions"]["dev"] == 18
    assert record["versions"]["torch"] == version("torch")
    assert record["settings"]["lr"] == run.lr
    assert 0 <= record["development"]["final"]["f1"] <= 100


def test_the_fingerprint_covers_what_decides_the_weights(run: TrainingRun, tmp_path: Path) -> None:
    known = run.record()["fingerprint"]
    assert replace(run, out=tmp_path / "x", threads=2, keep=5).record()["fingerprint"] == known
    assert replace(run, seed=2).record()["fingerprint"] != known
    assert replace(run, mixture={"cities": Share(cap=3)}).record()["fingerprint"] != known


def test_other_settings_do_not_go_on_with_a_run(run: TrainingRun) -> None:
    train(run, stop_after=1)
    with pytest.raises(ModelError, match="other data or settings"):
        train(replace(run, lr=1e-5))


def test_a_half_written_checkpoint_is_not_taken(run: TrainingRun) -> None:
    train(run, stop_after=2)
    draft = run.out / "checkpoints" / ".draft"
    draft.mkdir()
    (draft / "weights.safetensors").write_bytes(b"half")
    assert train(run) is not None
    assert not draft.exists()


def test_nothing_to_learn_and_no_model_are_errors(run: TrainingRun, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no questions"):
        train(replace(run, mixture={"elsewhere": Share()}))
    with pytest.raises(ModelError, match="cannot load"):
        train(replace(run, start=tmp_path))


@pytest.mark.slow
def test_a_pause_file_holds_the_run(run: TrainingRun, tmp_path: Path) -> None:
    pause = tmp_path / "PAUSE"
    pause.touch()
    code = f"import time, pathlib; time.sleep(2); pathlib.Path({str(pause)!r}).unlink()"
    with subprocess.Popen([sys.executable, "-c", code]):
        began = time.monotonic()
        train(replace(run, pause=pause), stop_after=1)
        assert time.monotonic() - began > 1


def test_models_of_one_run_are_averaged(run: TrainingRun, tmp_path: Path, tiny: Path) -> None:
    train(run)
    folders = [run.out / "final", run.out / "averaged"]
    made = average_models(folders, out=tmp_path / "mean", weights=[1, 3])
    first, second = map(weights, folders)
    for name, value in weights(made).items():
        torch.testing.assert_close(value, (first[name] + 3 * second[name]) / 4)
    small = average_models([made], out=tmp_path / "half", half=True)
    assert all(value.dtype == torch.float16 for value in weights(small).values())
    network, _ = load(small, bf16=False, seed=1)
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    with pytest.raises(ModelError, match="differ in shape"):
        average_models([run.out / "final", tiny], out=tmp_path / "x")
    with pytest.raises(InputError):
        average_models([], out=tmp_path / "x")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_compiled_and_bf16_train_too(run: TrainingRun) -> None:
    assert train(replace(run, bf16=True, compiled=True, buckets=(96,))) is not None


def test_package_alone_imports_neither_torch_nor_transformers() -> None:
    code = "import sys, rag.training.run; print({'torch', 'transformers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
