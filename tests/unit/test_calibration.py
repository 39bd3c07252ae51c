import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.calibration import SHIPPED, LogisticCalibrator, calibration_of
from rag.errors import ModelError, SettingsError
from rag.features import SIGNS
from rag.types import Promise, Setup

SETUP = Setup(reader="r", retriever="t", embedder="e", chunker="c", top_k=10)
STRICT = Promise(wrong_at_most=0.1, confidence=0.95, min_probability=0.8, given=100, wrong=4)
LOOSE = replace(STRICT, wrong_at_most=0.2, min_probability=0.6)
NOTHING = dict.fromkeys(SIGNS, 0.0)
finite = st.floats(-1e6, 1e6)


def curve(**more: Any) -> LogisticCalibrator:
    return LogisticCalibrator(**{"name": "mine", "bias": 0.5, "weights": {"margin": 0.25}, "setup": SETUP, **more})


def test_the_shipped_curve_loads_and_names_itself() -> None:
    shipped = LogisticCalibrator.load()
    assert shipped.name
    assert set(shipped.weights) == set(SIGNS)
    assert shipped.probability(NOTHING | {"margin": 15.0, "gap": 12.0}) > 0.8
    assert shipped.probability(NOTHING | {"margin": -15.0}) < 0.1


@given(finite, finite, st.floats(-12, 12), st.floats(0, 6))
def test_probability_does_not_fall_as_the_margin_grows(one: float, other: float, gap: float, agreement: float) -> None:
    low, high = sorted((one, other))
    shipped, beside = LogisticCalibrator.load(), {"gap": gap, "agreement": agreement}
    less = shipped.probability(NOTHING | beside | {"margin": low})
    more = shipped.probability(NOTHING | beside | {"margin": high})
    assert 0.0 <= less <= more <= 1.0


@pytest.mark.parametrize("weights", [{"margin": -1.0}, {"passage_missing": 0.1}, {"agreement": -0.1}])
def test_a_weight_of_the_wrong_sign_is_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ModelError, match="wrong sign"):
        curve(weights=weights)


def test_a_curve_belongs_to_its_setup() -> None:
    kept = curve(promises=(STRICT,), promise=STRICT)
    assert kept.calibration(SETUP).promise == STRICT
    assert not kept.calibration(SETUP).provisional
    for change in ({"reader": "x"}, {"retriever": "x"}, {"embedder": "x"}, {"chunker": "x"}, {"top_k": 9}):
        other = kept.calibration(replace(SETUP, **change))
        assert (other.provisional, other.promise) == (True, None)
    assert curve(setup=None).calibration(SETUP).provisional is False


def test_a_promise_sets_the_threshold_and_is_chosen_by_its_risk() -> None:
    both = curve(promises=(STRICT, LOOSE), promise=LOOSE)
    assert (curve().min_probability, both.min_probability, both.promising(0.1).min_probability) == (0.6, 0.6, 0.8)
    with pytest.raises(SettingsError, match=r"no promise of 0\.05") as caught:
        both.promising(0.05)
    assert "0.1, 0.2" in caught.value.hint


def test_the_fingerprint_sees_everything_but_the_name() -> None:
    others = [curve(bias=0.6), curve(weights={"margin": 0.2}), curve(setup=None), curve(promises=(STRICT,))]
    assert len({curve().fingerprint, *(other.fingerprint for other in others)}) == 5
    assert curve(name="other").fingerprint == curve().fingerprint


@pytest.mark.parametrize("more", [{}, {"promises": (STRICT, LOOSE), "promise": LOOSE}, {"setup": None}])
def test_what_is_saved_is_what_a_collection_has(tmp_path: Path, more: dict[str, Any]) -> None:
    assert calibration_of(tmp_path) == LogisticCalibrator.load()
    (tmp_path / "calibration.json").write_text("old", encoding="utf-8")
    curve(**more).save(tmp_path / "calibration.json")
    assert calibration_of(tmp_path) == curve(**more)
    assert [file.name for file in tmp_path.iterdir()] == ["calibration.json"]


@pytest.mark.parametrize(
    "change", [{"bias": "high"}, {"weights": {"margin": "1"}}, {"promises": [{"given": 1}]}, {"other": 1}, {"setup": 3}]
)
def test_a_damaged_file_is_explained(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps({**json.loads(SHIPPED.read_text()), **change}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"calibration\.json is not a calibration") as caught:
        LogisticCalibrator.load(path)
    assert "rag calibrate" in caught.value.hint


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_what_is_no_record_is_explained(tmp_path: Path, text: str) -> None:
    (tmp_path / "calibration.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match="is not a calibration"):
        calibration_of(tmp_path)


def test_an_infinite_logit_is_bounded() -> None:
    assert math.isfinite(curve(weights={"margin": 1e6}).probability({"margin": 1e300}))
