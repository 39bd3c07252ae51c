"""A source folder that is not what it should be is refused before anything is written."""

from pathlib import Path

import pytest

from rag.errors import ModelError, ModelMissingError
from rag.inference.export import SOURCES, export
from rag.inference.tokens import open_tokenizer


def source(folder: Path) -> Path:
    folder.mkdir()
    for name in SOURCES:
        (folder / name).write_bytes(b"\x00 no model")
    return folder


@pytest.mark.parametrize("missing", SOURCES)
def test_a_lacking_file_is_named(tmp_path: Path, missing: str) -> None:
    folder = source(tmp_path / "source")
    (folder / missing).unlink()
    with pytest.raises(ModelMissingError, match=missing):
        export(folder, target=tmp_path / "out", name="x", head="answer_logits", precision="int8")
    assert not (tmp_path / "out").exists()


def test_unexpected_weights_are_refused_before_they_are_read(tmp_path: Path) -> None:
    folder = source(tmp_path / "source")
    with pytest.raises(ModelError, match="have SHA-256"):
        export(
            folder, target=tmp_path / "out", name="x", head="sentence_vector", precision="int8", expected_sha256="00"
        )
    assert not (tmp_path / "out").exists()


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        export(source(tmp_path / "source"), target=tmp_path / "out", name="x", head="sentence_vector", precision="int8")


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe\x00", b'{"version": "1.0"}'])
def test_what_is_no_tokenizer_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="tokenizer"):
        open_tokenizer(content)
