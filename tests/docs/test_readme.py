"""What the README says, done."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from rag.cli import app
from rag.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    return [body for kind, body in fenced if kind == language]


def test_every_path_it_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_make_targets_and_commands_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"make (\w+)", "\n".join(blocks("")))
    assert targets[:2] == ["serve", "test"]
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    for command in re.findall(r"rag (\w+)", "\n".join(blocks(""))):
        assert command in commands | {"index"}, command


def test_settings_it_names_exist() -> None:
    for name in re.findall(r"RAG_(\w+)=", README):
        assert name.lower() in Settings.model_fields


@pytest.mark.slow
@pytest.mark.models
def test_python_and_command_blocks_run_on_the_demo_archive(tmp_path: Path) -> None:
    rag = [sys.executable, "-m", "rag"]

    def run(*command: str) -> None:
        subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)

    run(*rag, "ingest", str(ROOT / "seeds" / "articles"))
    for block in blocks("python"):
        run(sys.executable, "-c", block)
    lines = [line.split("  #")[0] for block in blocks("") for line in block.splitlines()]
    asking = [shlex.split(line)[1:] for line in lines if re.match(r"\.venv/bin/rag (ask|search|index)", line)]
    assert len(asking) >= 5
    for words in asking:
        run(*rag, *words)
