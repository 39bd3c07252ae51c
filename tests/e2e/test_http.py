"""The service as it runs: its own process, real sockets, many clients at once."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

import httpx2 as httpx
import pytest

from rag.bootstrap import Library
from rag.loaders import Loaded
from rag.pipeline import ingest
from rag.settings import load
from rag.types import Article

NO_MODEL = {"embedder": "hashing", "reader": "overlap"}
ASKERS = 8
START_SECONDS = 120.0

ARCHIVE = [
    Article(
        id=f"town/{number}",
        title=f"The mayor of {town}",
        text=f"🏛️ {town} has a mayor. The mayor of {town} is {mayor} 🙂. The council meets on Tuesday.",
    )
    for number, (town, mayor) in enumerate(
        [("Ellery", "Ana Müller"), ("Oban", "Zoë Café"), ("Tulsa", "John Smith"), ("Kestrel", "Anneke Lund")]
    )
]


@contextmanager
def service(folder: Path, **settings: object) -> Iterator[httpx.Client]:
    """A running service over a small archive; it must end cleanly when interrupted."""
    library = Library(load({**settings, "index": folder}, environ={}))
    ingest(
        [Loaded(article=article) for article in ARCHIVE],
        archive=library.archive(create=True),
        chunker=library.chunker,
        embedder=library.embedder,
    )
    library.close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    values = json.dumps({**settings, "index": str(folder), "port": port})
    program = f"from rag.api.app import serve; from rag.settings import load; serve(load({values}, environ={{}}))"
    command = [sys.executable, "-W", "error", "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                _wait_until_ready(client, process)
                yield client
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=30)
            assert process.returncode == 0, output
            assert "Traceback" not in output
        finally:
            process.kill()


def _wait_until_ready(client: httpx.Client, process: "subprocess.Popen[str]") -> None:
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            sleep(0.05)
    pytest.fail(f"the service did not get ready; exit code {process.poll()}")


def check_citations(client: httpx.Client, record: dict) -> set[str]:  # type: ignore[type-arg]
    """The articles cited, each citation held against the article as it is served."""
    citations = [citation for answer in record["answers"] for citation in answer["citations"]]
    for citation in citations:
        article = client.get(f"/v1/articles/{quote(citation['article_id'], safe='')}").json()
        assert article["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert article["sha256"] == citation["sha256"]
    return {citation["article_id"] for citation in citations}


def ask_while_articles_come_and_go(client: httpx.Client, *, rounds: int) -> None:
    done = threading.Event()
    failures: list[str] = []
    asked = [0] * ASKERS

    def keep_asking(number: int) -> None:
        with httpx.Client(base_url=client.base_url, timeout=60) as own:
            while not done.is_set():
                town = ("Ellery", "Oban", "Tulsa", "Kestrel")[asked[number] % 4]
                response = own.post("/v1/ask", json={"question": f"Who is the mayor of {town}?", "min_probability": 0})
                if response.status_code != 200 or not response.json()["answers"]:
                    failures.append(response.text)
                asked[number] += 1

    askers = [threading.Thread(target=keep_asking, args=(number,)) for number in range(ASKERS)]
    for asker in askers:
        asker.start()
    try:
        for number in range(rounds):
            name = f"Zebraville{number}"
            article = {"id": f"new/{number}", "title": name, "text": f"The mayor of {name} is Ada Lindqvist."}
            body = {"question": f"Who is the mayor of {name}?", "min_probability": 0, "include": ["passages"]}

            added = client.post("/v1/articles", json={"articles": [article]})
            assert added.json() == {"added": 1, "replaced": 0, "unchanged": 0, "rejected": []}
            assert article["id"] in check_citations(client, client.post("/v1/ask", json=body).json())

            assert client.delete(f"/v1/articles/{article['id']}").status_code == 204
            assert f'"{article["id"]}"' not in client.post("/v1/ask", json=body).text
    finally:
        done.set()
        for asker in askers:
            asker.join()
    assert failures == []
    assert min(asked) > 0


@pytest.mark.slow
def test_articles_come_and_go_while_others_ask(tmp_path: Path) -> None:
    with service(tmp_path, **NO_MODEL) as client:
        ask_while_articles_come_and_go(client, rounds=4)


@pytest.mark.models
@pytest.mark.slow
def test_articles_come_and_go_while_others_ask_the_shipped_models(tmp_path: Path) -> None:
    with service(tmp_path) as client:
        ask_while_articles_come_and_go(client, rounds=10)
        record = client.post("/v1/ask", json={"question": "Who is the mayor of Oban?"}).json()
        assert record["answers"][0]["text"] == "Zoë Café"
        assert record["answers"][0]["citations"][0]["article_id"] == "town/1"
        check_citations(client, record)


@pytest.mark.parametrize("path", ["a%2Fb", "a/b", "a%252Fb", "%F0%9F%9A%A2", "a//b", "..%2Fb"])
def test_ids_survive_the_wire(path: str, running: httpx.Client) -> None:
    content = {"title": "T", "text": "Some words."}
    made = running.put(f"/v1/articles/{path}", json=content)
    assert made.status_code == 201
    assert running.get(f"/v1/articles/{quote(made.json()['id'], safe='')}").json() == made.json()
    assert running.delete(f"/v1/articles/{path}").status_code == 204


def test_a_request_cut_short_does_no_harm(running: httpx.Client) -> None:
    address = (running.base_url.host, running.base_url.port or 80)
    for start in (
        b"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
        b"POST /v1/articles HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: 9\r\n\r\n{",
        b"GET /v1/articles/\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST /v1/articles HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: 99999999999999999999999\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
    ):
        with socket.create_connection(address, timeout=5) as raw:
            raw.sendall(start)
    assert running.get("/readyz").status_code == 200


def test_a_port_in_use_is_a_plain_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "rag", "serve", "--index", str(tmp_path), "--port", port]
        environ = {**os.environ, "RAG_EMBEDDER": "hashing", "RAG_READER": "overlap"}
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environ)
    assert ended.returncode != 0
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with service(tmp_path_factory.mktemp("index"), **NO_MODEL) as client:
        yield client
