"""Settings: precedence is command-line flag, ``RAG_`` variable, ``--config FILE`` (TOML), default.

A config file that does not exist and a ``RAG_`` variable that names no setting are errors.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.errors import SettingsError

PREFIX = "RAG_"
COLLECTION_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"


class Settings(BaseModel):
    """Everything that can be set; immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: Path = Field(default=Path("index"), description="folder that holds the collections")
    collection: str = Field(
        default="default", pattern=COLLECTION_PATTERN, description="collection to use: a folder of the index"
    )

    embedder: str = Field(
        default="default",
        min_length=1,
        description="default (all-MiniLM-L6-v2), hashing (no model), or a sentence-transformers model by name or path",
    )
    reader: str = Field(
        default="default",
        min_length=1,
        description="default (the shipped one), overlap (no model), a folder that `rag export` wrote, "
        "or a Hugging Face QA model by name or path",
    )
    retriever: Literal["hybrid", "dense", "lexical"] = Field(default="hybrid", description="how passages are found")
    precision: Literal["fp32", "int8"] = Field(default="int8", description="arithmetic of the default embedder")

    passage_tokens: int = Field(default=192, ge=16, le=480, description="longest passage, in the embedder's tokens")
    passage_overlap: int = Field(default=32, ge=0, le=128, description="tokens that neighbouring passages share, about")

    top_k: int = Field(default=10, ge=1, le=100, description="passages read for a question")
    max_answers: int = Field(default=3, ge=1, le=20, description="distinct answers given at most")
    min_probability: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="below this the archive is said not to say; default: as the calibration has it",
    )
    promise: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="largest share of wrong answers among those given; default: the calibration's",
    )

    threads: int = Field(default=0, ge=0, le=256, description="worker threads of the models; 0: one a core")
    cache: Path | None = Field(default=None, description="folder for exported models; default: the user's cache folder")

    host: str = Field(default="127.0.0.1", description="address the service listens on")
    port: int = Field(default=8000, ge=0, le=65535, description="port the service listens on")
    max_body_bytes: int = Field(default=64 * 2**20, ge=1024, description="largest request body the service takes")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="how much is logged")


def load(
    flags: Mapping[str, object] | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """The settings in force; a flag that is None was not given.

    Raises:
        SettingsError: an unknown name, a bad value, or a config file that is missing or not TOML.
    """
    values: dict[str, object] = {}
    origin: dict[str, str] = {}
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    for source, found in (
        (str(config), _from_file(config) if config else {}),
        ("the environment", _from_environment(environ)),
        ("the command line", given),
    ):
        values.update(found)
        origin.update(dict.fromkeys(found, source))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        name = str(problem["loc"][0]) if problem["loc"] else ""
        message = f"setting {name} (from {origin.get(name, 'the defaults')}): {problem['msg']}"
        raise SettingsError(message, hint="`rag settings` lists every setting") from None


def _from_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"config file {path}: {error.strerror}", hint="check the path given to --config") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"config file {path} is not TOML: {error}", hint="one `name = value` a line") from None


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for variable, value in environ.items():
        if variable.startswith(PREFIX):
            name = variable.removeprefix(PREFIX).lower()
            if name not in Settings.model_fields:
                raise SettingsError(f"no setting is called {variable}", hint="`rag settings` lists every setting")
            found[name] = value
    return found
