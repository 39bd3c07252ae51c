"""A training run as a TOML file, so that a recipe can be kept, shown and run again."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rag.errors import SettingsError
from rag.reader.onnx import SHIPPED
from rag.training.data import Share
from rag.training.groups import Recipe
from rag.training.run import TrainingRun

PATHS = ("start", "out", "index", "pause")
TUNING = Path(__file__).with_name("tuning.toml")
"""The recipe of a run for which none is given; it names neither sources nor a place to write to."""


def read_run(path: Path, **instead: Any) -> TrainingRun:
    """The run that a TOML file describes; `instead` holds fields that take the place of the file's.

    The keys are the fields of `TrainingRun`, with a table `recipe` of the fields of `Recipe` and a table
    `mixture` with a table of the fields of `Share` for each source. Relative paths in the file are
    relative to the file. The start "shipped" is the reader that comes with Quoth.

    Raises:
        SettingsError: the file cannot be read, a key is unknown, or a value is of the wrong kind.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"cannot read the recipe {path}: {error}", hint="give a TOML file") from error
    shipped = instead.get("start", given.get("start")) == "shipped"
    given |= {key: str(path.parent / given[key]) for key in PATHS if isinstance(given.get(key), str)}
    if isinstance(given.get("sources"), list):
        given["sources"] = [str(path.parent / str(source)) for source in given["sources"]]
    given |= instead | ({"start": SHIPPED} if shipped else {})
    _known(given, TrainingRun, where=str(path))
    if isinstance(given.get("recipe"), dict):
        _known(given["recipe"], Recipe, where="recipe")
    if isinstance(given.get("mixture"), dict):
        for name, share in given["mixture"].items():
            if isinstance(share, dict):
                _known(share, Share, where=f"mixture.{name}")
    try:
        run: TrainingRun = TypeAdapter(TrainingRun).validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise SettingsError(f"{path}: {place}: {first['msg']}", hint="see the fields of TrainingRun") from error
    return run


def _known(given: Mapping[str, Any], kind: type, *, where: str) -> None:
    names = {field.name for field in fields(kind)}
    for key in given:
        if key not in names:
            raise SettingsError(f"{where}: unknown key {key!r}", hint=f"known are {', '.join(sorted(names))}")
