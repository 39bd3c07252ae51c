import json
import os
from pathlib import Path

import pytest

from rag.errors import ArticleError
from rag.loaders import Loaded, Unreadable, count, load, load_bytes
from rag.loaders.encoding import LARGEST_FILE
from tests.nobody import as_nobody

TEXT = "The bridge is shut. It opens in May.\n"


def write(folder: Path, **files: str | bytes) -> Path:
    """Files whose names are the keys, with ``__`` for a slash and ``_`` for a dot."""
    for key, content in files.items():
        path = folder / key.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def ids(items: list[Loaded | Unreadable]) -> list[str]:
    return [item.article.id if isinstance(item, Loaded) else f"! {item.error}" for item in items]


def problem(item: Loaded | Unreadable) -> ArticleError:
    assert isinstance(item, Unreadable)
    return item.error


class TestPaths:
    def test_a_folder_is_read_to_its_depths_in_order(self, tmp_path: Path) -> None:
        write(tmp_path, b_txt=TEXT, a_md=TEXT, sub__deep__c_txt=TEXT, _hidden_txt=TEXT, x_py="1", sub___h__d_txt=TEXT)
        items = list(load([tmp_path]))
        assert ids(items) == ["a", "b", "sub/deep/c"]
        assert items[2].origin == (tmp_path.resolve() / "sub/deep/c.txt").as_posix()

    def test_a_file_named_directly_goes_by_its_name(self, tmp_path: Path) -> None:
        write(tmp_path, sub__deep__c_txt=TEXT)
        assert ids(list(load([str(tmp_path / "sub/deep/c.txt")]))) == ["c"]

    def test_a_glob_counts_from_the_folder_before_its_first_wildcard(self, tmp_path: Path) -> None:
        write(tmp_path, sub__a_txt=TEXT, sub__deep__c_txt=TEXT, sub__x_py="1", other__b_txt=TEXT)
        assert ids(list(load([f"{tmp_path}/sub/**/*"]))) == ["a", "deep/c"]
        assert ids(list(load([f"{tmp_path}/*/[ab].txt"]))) == ["other/b", "sub/a"]

    def test_relative_paths_and_globs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(tmp_path, a_txt=TEXT)
        monkeypatch.chdir(tmp_path)
        for path in (".", "a.txt", "*.txt", "./a.*"):
            assert [(item.origin, item.cleaned) for item in load([path]) if isinstance(item, Loaded)] == [
                (f"{tmp_path.resolve()}/a.txt", 0)
            ]

    def test_a_file_is_read_once_however_often_it_is_named(self, tmp_path: Path) -> None:
        write(tmp_path, a_txt=TEXT)
        assert ids(list(load([tmp_path, tmp_path / "a.txt", f"{tmp_path}/*.txt"]))) == ["a"]

    def test_ids_are_composed_unicode_on_every_machine(self, tmp_path: Path) -> None:
        (tmp_path / "cafe\u0301.txt").write_text(TEXT)
        assert ids(list(load([tmp_path]))) == ["caf\u00e9"]

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("missing.txt", "does not exist"),
            ("*.txt", "matches no article"),
            ("**[", "matches no article"),
            ("x" * 5_000, "cannot be looked up"),
            ("a\x00b", "is not a path"),
            ("empty", "holds no articles"),
            ("notes.py", "unknown format '.py'"),
            ("pipe.txt", "is not a regular file"),
        ],
    )
    def test_a_path_that_leads_nowhere_is_an_error_and_the_rest_goes_on(
        self, tmp_path: Path, name: str, message: str
    ) -> None:
        (tmp_path / "empty").mkdir()
        os.mkfifo(tmp_path / "pipe.txt")
        write(tmp_path / "good", notes_txt=TEXT)
        write(tmp_path, notes_py="1")
        bad, good = load([f"{tmp_path}/{name}", tmp_path / "good"])
        assert message in problem(bad).message
        assert problem(bad).hint
        assert ids([good]) == ["notes"]

    def test_names_that_cannot_be_shown(self, tmp_path: Path) -> None:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text(TEXT)
        (tmp_path / "line\nbreak.txt").write_text(TEXT)
        for item in load([tmp_path]):
            assert "cannot be shown" in problem(item).message
            str(problem(item)).encode()

    def test_links_in_circles_end(self, tmp_path: Path) -> None:
        write(tmp_path, a_txt=TEXT)
        (tmp_path / "loop").symlink_to(tmp_path)
        (tmp_path / "broken.txt").symlink_to(tmp_path / "nowhere")
        assert ids(list(load([tmp_path]))) == ["a"]

    def test_what_may_not_be_read_is_an_error(self, tmp_path: Path) -> None:
        write(tmp_path, a_txt=TEXT, b_txt=TEXT, locked__c_txt=TEXT)
        (tmp_path / "a.txt").chmod(0)
        (tmp_path / "locked").chmod(0)
        with as_nobody(tmp_path):
            items = list(load([tmp_path]))
        (tmp_path / "locked").chmod(0o700)
        assert [item.article.id for item in items if isinstance(item, Loaded)] == ["b"]
        assert ["cannot be" in item.error.message for item in items if isinstance(item, Unreadable)] == [True, True]


class TestIds:
    def test_the_second_of_two_like_ids_is_an_error(self, tmp_path: Path) -> None:
        lines = "".join(json.dumps({"id": key, "title": "t", "text": "x"}) + "\n" for key in ("b", "a", "b"))
        write(tmp_path, a_md=TEXT, a_txt=TEXT, z_jsonl=lines)
        items = list(load([tmp_path]))
        assert [item.article.id for item in items if isinstance(item, Loaded)] == ["a", "b"]
        errors = [item.error for item in items if isinstance(item, Unreadable)]
        assert [(Path(error.file).name, error.line) for error in errors] == [
            ("a.txt", None),
            ("z.jsonl", 2),
            ("z.jsonl", 3),
        ]
        assert f"was already used by {tmp_path.resolve()}/z.jsonl:1" in errors[2].message


class TestBadContent:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "is empty"),
            (b" \n\t", "text is blank"),
            (b"\xef\xbb\xbf", "text is blank"),
            (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "looks like a binary file"),
            (b"\x00" * 500, "looks like a binary file"),
            ("UTF-16 without a mark".encode("utf-16-le"), "looks like a binary file"),
            ("Caf\u00e9 ferm\u00e9".encode("cp1252"), "is not valid UTF-8 at byte 3"),
        ],
    )
    @pytest.mark.parametrize("suffix", ["txt", "md"])
    def test_a_bad_file_is_named_and_the_rest_goes_on(
        self, tmp_path: Path, suffix: str, content: bytes, message: str
    ) -> None:
        (tmp_path / f"bad.{suffix}").write_bytes(content)
        write(tmp_path, good_txt=TEXT)
        bad, good = load([tmp_path])
        assert message in problem(bad).message
        assert problem(bad).file == bad.origin == f"{tmp_path.resolve()}/bad.{suffix}"
        assert ids([good]) == ["good"]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    def test_encodings_that_name_themselves(self, encoding: str) -> None:
        (item,) = load_bytes("a.txt", "Caf\u00e9 \U0001f600.".encode(encoding))
        assert isinstance(item, Loaded)
        assert item.article.text == "Caf\u00e9 \U0001f600."

    def test_stray_controls_are_dropped_and_counted(self) -> None:
        (item,) = load_bytes("a.txt", b"The bridge is shut." * 20 + b"\x00 It opens\x07 in May.")
        assert isinstance(item, Loaded)
        assert item.cleaned == 2

    def test_a_file_over_the_bound(self, tmp_path: Path) -> None:
        with (tmp_path / "huge.txt").open("wb") as file:
            file.truncate(LARGEST_FILE + 1)
        (item,) = load([tmp_path])
        assert problem(item).message == "is larger than 64 MiB"


class TestUploads:
    @pytest.mark.parametrize(
        ("name", "article_id"),
        [
            ("blinken-visit.txt", "blinken-visit"),
            ("../../etc/blinken.TXT", "blinken"),
            ("/srv/articles/a.txt", "a"),
            ("C:\\Users\\x\\a b.txt", "a b"),
        ],
    )
    def test_only_the_last_part_of_the_name_counts(self, name: str, article_id: str) -> None:
        (item,) = load_bytes(name, TEXT.encode())
        assert ids([item]) == [article_id]
        assert "/" not in item.origin

    @pytest.mark.parametrize("name", ["", "/", "a", "a.exe", ".txt", "a\nb.txt", "\ud800.py", "x" * 600 + ".txt"])
    def test_a_name_that_will_not_do(self, name: str) -> None:
        (item,) = load_bytes(name, TEXT.encode())
        str(problem(item)).encode()

    def test_no_file_is_opened(self, tmp_path: Path) -> None:
        write(tmp_path, a_txt="secret")
        (item,) = load_bytes(f"{tmp_path}/a.txt", TEXT.encode())
        assert isinstance(item, Loaded)
        assert "secret" not in item.article.text


def test_seed_articles_all_load() -> None:
    items = list(load([Path(__file__).parents[3] / "seeds" / "articles"]))
    assert items
    assert [item.error for item in items if isinstance(item, Unreadable)] == []


def test_count_parses_nothing_and_counts_lines_of_json(tmp_path: Path) -> None:
    write(tmp_path, a_txt=TEXT, b_md="---\n: broken", c_jsonl="{}\n\n{bad\n")
    assert count([tmp_path, tmp_path / "nowhere"]) == 5
