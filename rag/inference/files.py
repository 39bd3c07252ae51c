"""Model folders: a manifest that names every file with its SHA-256, checked whenever the folder is opened.

    manifest.json   format, name, exporter, precision, weights_sha256, files {name: sha256}, agreement {}
    model.onnx  tokenizer.json  config.json

A folder is written under a temporary name and renamed, so that it is there whole or not at all.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import platformdirs

from rag.errors import ModelError, ModelMissingError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a model folder holds; ``files`` maps a file's name to its SHA-256.

    ``agreement`` is how alike the model and its fp32 weights read, if that was looked at, and the limits.
    """

    name: str
    exporter: int
    precision: str
    weights_sha256: str
    files: Mapping[str, str]
    agreement: Mapping[str, float] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def fingerprint(self) -> str:
        """Names the weights, their precision and what made the graph of them."""
        return f"{self.name}@{self.weights_sha256[:12]}/{self.precision}/onnx{self.exporter}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """An opened model folder: the manifest and the bytes that were checked against it."""

    manifest: Manifest
    contents: Mapping[str, bytes]


def sha256(content: bytes) -> str:
    """The digest in hex."""
    return hashlib.sha256(content).hexdigest()


def cache_folder(chosen: Path | None = None) -> Path:
    """Where exported models are kept: the one chosen, or the user's cache folder for ``quoth``."""
    return chosen if chosen is not None else Path(platformdirs.user_cache_dir("quoth")) / "models"


def open_model(folder: Path) -> Model:
    """Every file that the manifest names, read into memory and checked.

    Raises:
        ModelMissingError: there is no manifest.
        ModelError: the manifest cannot be read, or a file is absent or not what was written.
    """
    hint = "install Quoth again, or export the model again"
    try:
        manifest = _parse((folder / MANIFEST).read_bytes())
        contents = {name: (folder / name).read_bytes() for name in manifest.files}
    except FileNotFoundError as error:
        missing = Path(str(error.filename))
        kind = ModelMissingError if missing.name == MANIFEST else ModelError
        raise kind(f"the model folder {folder} has no {missing.name}", hint=hint) from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"the model folder {folder} cannot be read: {error}", hint=hint) from error
    for name, content in contents.items():
        if sha256(content) != manifest.files[name]:
            raise ModelError(f"{folder / name} is not the file that was written", hint=hint)
    return Model(manifest=manifest, contents=contents)


def write_model(
    folder: Path,
    contents: Mapping[str, bytes],
    *,
    name: str,
    exporter: int,
    precision: str,
    weights_sha256: str,
    agreement: Mapping[str, float] | None = None,
) -> None:
    """Writes the files and their manifest at once.

    Should the folder hold a sound model by the time this one is ready (another process was faster), that
    one stays; anything else in its place is replaced.

    Raises:
        ModelError: the folder cannot be written.
    """
    manifest = Manifest(
        name=name,
        exporter=exporter,
        precision=precision,
        weights_sha256=weights_sha256,
        files={file: sha256(content) for file, content in contents.items()},
        agreement=agreement or {},
    )
    content = json.dumps(asdict(manifest), indent=2).encode() + b"\n"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            for file, held in {**contents, MANIFEST: content}.items():
                _write_durably(made / file, held)
            _move_into_place(made, folder, aside=Path(scratch) / "former")
    except OSError as error:
        raise ModelError(f"cannot write the model folder {folder}: {error}", hint="choose another folder") from error


def _parse(content: bytes) -> Manifest:
    record: dict[str, Any] = json.loads(content)
    if record.get("format") != FORMAT:
        raise ValueError(f"its format is {record.get('format')!r}, not {FORMAT}")
    if any(Path(name).name != name for name in record["files"]):
        raise ValueError("it names a file outside the folder")
    return Manifest(**record)


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _move_into_place(made: Path, folder: Path, *, aside: Path) -> None:
    """Renames; a rename onto a folder that is there fails, which tells that another process was faster."""
    for _ in range(10):
        try:
            made.rename(folder)
        except OSError:
            if _sound(folder):
                return
            _put_aside(folder, aside)
        else:
            return
    raise ModelError(f"cannot write the model folder {folder}", hint="remove it and try again")


def _sound(folder: Path) -> bool:
    try:
        open_model(folder)
    except ModelError:
        return False
    return True


def _put_aside(folder: Path, aside: Path) -> None:
    shutil.rmtree(aside, ignore_errors=True)
    try:
        folder.rename(aside)
    except FileNotFoundError:
        return
