from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.settings import Settings, load


def test_flag_beats_variable_beats_file_beats_default(tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text("top_k = 3\nmax_answers = 4\nport = 1234\n")
    settings = load({"top_k": 5, "host": None}, config=config, environ={"RAG_TOP_K": "7", "RAG_MAX_ANSWERS": "6"})
    assert (settings.top_k, settings.max_answers, settings.port, settings.host) == (5, 6, 1234, "127.0.0.1")


@pytest.mark.parametrize(
    ("flags", "environ", "word"),
    [
        ({"top_k": 0}, {}, "the command line"),
        ({}, {"RAG_TOP_K": "many"}, "the environment"),
        ({}, {"RAG_TOPK": "3"}, "RAG_TOPK"),
        ({"colour": "red"}, {}, "colour"),
        ({"collection": "../etc"}, {}, "collection"),
        ({"collection": "a/b"}, {}, "collection"),
        ({"collection": ""}, {}, "collection"),
    ],
)
def test_a_bad_setting_is_named_with_its_origin(flags: dict[str, object], environ: dict[str, str], word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        load(flags, environ=environ)


def test_a_missing_or_broken_config_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        load(config=tmp_path / "nowhere.toml", environ={})
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"top_k = \xff")
    with pytest.raises(SettingsError, match="not TOML"):
        load(config=broken, environ={})


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().top_k = 3


def test_variables_of_other_programs_are_left_alone() -> None:
    assert load(environ={"PATH": "/bin", "RAGE": "1"}) == Settings()
