"""Model folders are whole, checked, or an error."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rag.errors import ModelError, ModelMissingError
from rag.inference.files import MANIFEST, cache_folder, open_model, write_model

CONTENTS = {"model.onnx": b"graph", "tokenizer.json": b"{}"}


def write(folder: Path, contents: dict[str, bytes] | None = None) -> None:
    write_model(folder, contents or CONTENTS, name="tiny", exporter=1, precision="int8", weights_sha256="ab" * 32)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "model")
    model = open_model(tmp_path / "deep" / "model")
    assert model.contents == CONTENTS
    assert model.manifest.fingerprint == "tiny@abababababab/int8/onnx1"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["model"]


@pytest.mark.parametrize("content", [b"", b"grapH", b"graph "])
def test_a_changed_file_is_refused(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "model")
    (tmp_path / "model" / "model.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.onnx is not the file"):
        open_model(tmp_path / "model")


def test_a_lost_file_is_named(tmp_path: Path) -> None:
    write(tmp_path / "model")
    (tmp_path / "model" / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"has no tokenizer\.json") as caught:
        open_model(tmp_path / "model")
    assert caught.value.code == "model.failed"


def test_no_folder_means_the_model_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError) as caught:
        open_model(tmp_path / "none")
    assert caught.value.hint


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"{}",
        b'{"format": 2}',
        b'{"format": 1}',
        b'{"format": 1, "files": 3}',
        b'{"format": 1, "files": {}}',
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, manifest: bytes) -> None:
    write(tmp_path / "model")
    (tmp_path / "model" / MANIFEST).write_bytes(manifest)
    with pytest.raises(ModelError, match="cannot be read"):
        open_model(tmp_path / "model")


def test_a_manifest_cannot_name_a_file_elsewhere(tmp_path: Path) -> None:
    write(tmp_path / "model")
    (tmp_path / "secret").write_bytes(b"x")
    path = tmp_path / "model" / MANIFEST
    record = json.loads(path.read_bytes())
    path.write_text(json.dumps({**record, "files": {"../secret": "00"}}))
    with pytest.raises(ModelError, match="outside the folder"):
        open_model(tmp_path / "model")


def test_a_sound_model_stays_and_a_broken_one_is_replaced(tmp_path: Path) -> None:
    write(tmp_path / "model")
    write(tmp_path / "model", {"model.onnx": b"other"})
    assert open_model(tmp_path / "model").contents == CONTENTS
    (tmp_path / "model" / "model.onnx").write_bytes(b"torn")
    write(tmp_path / "model", {"model.onnx": b"other"})
    assert open_model(tmp_path / "model").contents == {"model.onnx": b"other"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_place_that_cannot_be_written_is_our_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelError, match="cannot write"):
        write(tmp_path / "file" / "model")


def test_many_may_write_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write(tmp_path / "model"), range(40)))
    assert open_model(tmp_path / "model").contents == CONTENTS
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_the_cache_folder_is_the_users_unless_chosen(tmp_path: Path) -> None:
    assert cache_folder(tmp_path) == tmp_path
    assert "quoth" in cache_folder().parts
