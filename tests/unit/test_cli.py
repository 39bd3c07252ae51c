import contextlib
import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rag.console import print_result
from rag.types import Abstention, Calibration, Promise, Query, Result

QUICK = {"RAG_EMBEDDER": "hashing", "RAG_READER": "overlap", "RAG_MIN_PROBABILITY": "0"}


class Shell:
    """Runs ``rag`` in a process of its own, in a folder of its own."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self.environ = environ

    def __call__(self, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "rag", *words]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False, encoding="utf-8"
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    news = tmp_path / "news"
    news.mkdir()
    (news / "bridge.md").write_text(
        "---\nid: bridge\ntitle: Bridge shut\nsource: Courier\npublished_at: 2025-03-06\n---\n"
        "The Kestrel Bridge was shut on Tuesday by Marit Solheim [the engineer].\n"
    )
    (news / "ferry.txt").write_text("Ferry hits a pier\n\nThe ferry Anneke Lund hit a pier. Eleven people were hurt.\n")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RAG_")}
    return Shell(tmp_path, environ | QUICK)


def test_from_files_to_an_answer(shell: Shell) -> None:
    assert shell("ingest", "news").stdout == "2 added, 2 passages\n"
    assert shell("ingest", "news").stdout == "0 added, 2 unchanged\n"
    said = shell("ask", "Who shut the Kestrel Bridge?").stdout
    assert "Bridge shut · Courier · 2025-03-06 · bridge [" in said
    assert " passages · probabilities: " in said


def test_json_carries_slices(shell: Shell) -> None:
    shell("ingest", "news")
    record = json.loads(shell("ask", "--json", "Who shut the Kestrel Bridge?").stdout)
    assert record["abstained"] is False
    citation = record["answers"][0]["citations"][0]
    text = (shell.folder / "news" / "bridge.md").read_text().split("---\n")[2].strip()
    assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_silence_is_not_an_error(shell: Shell) -> None:
    shell("ingest", "news")
    said = shell("ask", "--min-probability", "1", "Who shut the Kestrel Bridge?").stdout
    assert said.startswith("The archive does not say.")
    assert "Nearest passages:" in said
    assert re.search(r'^perhaps: "[^"\n]+" \(\d+% (?:uncertain|unlikely right)\) - Bridge shut$', said, re.MULTILINE)


def test_a_promise_is_said_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    promise = Promise(wrong_at_most=0.2, confidence=0.95, min_probability=0.6, given=120, wrong=14)
    result = Result(
        query=Query(question="Who?", asked_as="Who?", top_k=1, max_answers=1, min_probability=0.6),
        answers=(),
        abstention=Abstention(code="no_passage", reason="no passage matches"),
        nearest=(),
        hits=(),
        timings={"total_ms": 1.0},
        fingerprint="x",
        calibration=Calibration(name="our questions", fingerprint="y", provisional=False, promise=promise),
    )
    print_result(result)
    assert "\nAt most 20 % of the answers given are wrong, with 95 % confidence.\n" in capsys.readouterr().out
    print_result(replace(result, calibration=replace(result.calibration, promise=None)))
    assert "At most" not in capsys.readouterr().out


def test_search_shows_passages_with_ranks(shell: Shell) -> None:
    shell("ingest", "news")
    assert "lexical 1" in shell("search", "ferry Anneke Lund").stdout
    hits = json.loads(shell("search", "--json", "ferry Anneke Lund").stdout)
    assert hits[0]["article_id"] == "ferry"
    assert shell("search", "???", "--top-k", "1").stdout


def test_a_broken_file_is_named_the_rest_goes_in_and_the_status_tells(shell: Shell) -> None:
    (shell.folder / "news" / "more.jsonl").write_text('{"id": "x", "title": "t", "text": "Some words."}\n{oops\n')
    done = shell("ingest", "news", "--prune", status=1)
    assert "3 added" in done.stdout
    assert "more.jsonl:2" in done.stderr


def test_prune_forgets_what_is_gone(shell: Shell) -> None:
    shell("ingest", "news")
    (shell.folder / "news" / "ferry.txt").unlink()
    assert shell("ingest", "news", "--prune").stdout == "0 added, 1 unchanged, 1 removed\n"
    assert shell("ingest", "news", "--json").stdout == (
        '{"added": 0, "replaced": 0, "unchanged": 1, "removed": 0, "passages": 0, "rejected": 0}\n'
    )


@pytest.mark.slow
def test_looking_after_an_index(shell: Shell) -> None:
    shell("ingest", "news")
    assert json.loads(shell("index", "show", "--json").stdout)["articles"] == 2
    assert "articles" in shell("index", "show").stdout
    assert shell("index", "verify").stdout.startswith("well")
    assert shell("index", "compact").stdout == "compacted\n"
    database = next((shell.folder / "index" / "default").glob("*.sqlite"))
    database.write_bytes(b"garbage" + database.read_bytes()[7:])
    assert "not well" in shell("index", "verify", status=1).stdout


@pytest.mark.slow
def test_an_upgrade_is_the_command_that_the_hint_names(shell: Shell) -> None:
    shell("ingest", "news")
    assert shell("index", "upgrade").stdout == "current already: nothing was done\n"
    shell.environ["RAG_PASSAGE_TOKENS"] = "16"
    refused = shell("ask", "Who shut the Kestrel Bridge?", status=2).stderr
    command = "rag index upgrade --index index --collection default"
    assert f"hint: set passage_tokens and passage_overlap back, or rebuild it: {command}\n" in refused
    assert shell(*command.split()[1:]).stdout == "upgraded\n"
    assert "Marit Solheim" in shell("ask", "Who shut the Kestrel Bridge?").stdout
    assert shell("index", "verify").stdout.startswith("well")
    assert "unchanged" in shell("ingest", "news").stdout


def test_errors_are_said_with_a_hint_and_status_2(shell: Shell) -> None:
    missing = shell("ask", "Who?", status=2).stderr
    assert missing.startswith("error: ")
    assert "hint: " in missing
    assert "rag ingest" in missing
    assert "collection" in shell("ask", "--collection", "../x", "Who?", status=2).stderr
    assert "nowhere.toml" in shell("ask", "--config", "nowhere.toml", "Who?", status=2).stderr
    assert "no-such-place" in shell("ingest", "no-such-place", status=1).stderr


def test_settings_are_listed(shell: Shell) -> None:
    listed = shell("settings").stdout
    assert "top_k" in listed
    assert "RAG_MIN_PROBABILITY" in listed
    assert json.loads(shell("settings", "--json").stdout)["embedder"] == "hashing"


def test_evaluation_sums_up_and_keeps_predictions(shell: Shell) -> None:
    shell("ingest", "news")
    lines = [
        {
            "id": "1",
            "question": "Who shut the Kestrel Bridge?",
            "answers": ["Marit Solheim"],
            "article_ids": ["bridge"],
        },
        {"id": "2", "question": "Who built the Kestrel Bridge?", "answers": [], "near": ["bridge"]},
    ]
    (shell.folder / "q.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    summary = json.loads(shell("eval", "q.jsonl", "--out", "run.json").stdout)
    assert summary["questions"] == 2
    assert summary["recall@10"]["mean"] == 1.0
    assert [p["id"] for p in json.loads((shell.folder / "run.json").read_text())["predictions"]] == ["1", "2"]


def test_on_a_terminal_there_is_a_bar_and_the_quote_is_marked(shell: Shell) -> None:
    ingested = on_terminal(shell, "ingest", "news")
    assert "ingesting" in ingested
    assert "2/2" in ingested
    assert "passages/s" in ingested
    said = on_terminal(shell, "ask", "Who shut the Kestrel Bridge?")
    assert "\x1b[30;43m" in said
    assert "Bridge shut" in said
    assert "The archive does not say." in on_terminal(shell, "ask", "--min-probability", "1", "Who shut it?")


def on_terminal(shell: Shell, *words: str) -> str:
    """What the command shows on a terminal of 80 columns."""
    main, end = pty.openpty()
    command = [sys.executable, "-m", "rag", *words]
    environ = shell.environ | {"TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(command, cwd=shell.folder, env=environ, stdin=end, stdout=end, stderr=end) as process:
        os.close(end)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal is gone once the process is
            while piece := os.read(main, 65536):
                shown += piece
    os.close(main)
    assert process.returncode == 0, shown
    return shown.decode()


@pytest.mark.slow
def test_calibrating_writes_a_curve_beside_the_collection(shell: Shell) -> None:
    lines, articles = [], []
    for number in range(150):
        name = f"person{number} of place{number}"
        articles.append({"id": f"a{number}", "title": f"T{number}", "text": f"The mayor of town{number} is {name}."})
        gold = name if number % 2 else f"other{number}"
        lines.append(
            {
                "id": str(number),
                "question": f"Who is the mayor of town{number}?",
                "answers": [gold],
                "article_ids": [f"a{number}"],
            }
        )
    (shell.folder / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in articles))
    (shell.folder / "q.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    shell("ingest", "a.jsonl")
    done = shell("calibrate", "q.jsonl", "--promise", "0.01", status=1)
    assert "in pairs (n 300)" in done.stdout
    assert "cannot support it" in done.stderr
    record = json.loads((shell.folder / "index" / "default" / "calibration.json").read_text())
    assert record["name"] == "150 questions of q.jsonl"
    reply = json.loads(shell("ask", "--json", "Who is the mayor of town1?").stdout)
    assert (reply["calibration"]["name"], reply["calibration"]["provisional"]) == (record["name"], False)
    other = json.loads(shell("ask", "--json", "--top-k", "3", "Who is the mayor of town1?").stdout)
    assert other["calibration"]["provisional"] is True
    shell.environ["RAG_PROMISE"] = "0.01"
    assert "supports no promise" in shell("ask", "Who?", status=2).stderr
