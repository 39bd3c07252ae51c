"""Times the service as a user meets it: a new process to its first answer, and questions over HTTP, one client.

    python eval/bench.py [--index DIR --collection NAME --questions FILE] [--asks N]

Without an index, the demo archive is ingested into a temporary one. Run it with nothing else running.
"""

import argparse
import itertools
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import numpy as np

from rag.evaluation.questions import load_questions

ROOT = Path(__file__).parents[1]
COLD_RUNS = 5


def timed(*command: str) -> float:
    """Seconds that a process takes from start to end."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    return time.perf_counter() - began


@contextmanager
def serving(*options: str, port: int) -> Iterator[tuple[httpx2.Client, int, float]]:
    """A client of a server in a process of its own, that process's id, and the seconds until it was ready."""
    command = [sys.executable, "-m", "rag", "serve", "--port", str(port), *options]
    began = time.perf_counter()
    with (
        subprocess.Popen(command, stderr=subprocess.DEVNULL) as server,  # noqa: S603
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        try:
            while True:
                try:
                    if client.get("/readyz").status_code == 200:
                        break
                except httpx2.TransportError:
                    if server.poll() is not None:
                        raise
                time.sleep(0.02)
            yield client, server.pid, time.perf_counter() - began
        finally:
            server.terminate()


def peak_mib(pid: int) -> float:
    """The most memory the process has held so far, in MiB (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else float("nan")


def main() -> None:
    """Prints the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--index", type=Path)
    parser.add_argument("--collection", default="default")
    parser.add_argument("--questions", type=Path, default=ROOT / "eval" / "questions" / "seeds.jsonl")
    parser.add_argument("--asks", type=int, default=300)
    parser.add_argument("--port", type=int, default=8123)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as scratch:
        index = str(options.index or scratch)
        where = ("--index", index, "--collection", options.collection)
        rag = (sys.executable, "-m", "rag")
        figures: dict[str, object] = {}
        if options.index is None:
            figures["ingest_seeds_s"] = round(timed(*rag, "ingest", str(ROOT / "seeds" / "articles"), *where), 2)
        questions = [question.question for question in load_questions(options.questions)]
        cold = [timed(*rag, "ask", questions[0], *where) for _ in range(COLD_RUNS)]
        figures["new_process_to_answer_s"] = round(statistics.median(cold), 2)
        took: list[float] = []
        with serving(*where, port=options.port) as (client, pid, ready):
            figures["server_ready_s"] = round(ready, 2)
            for question in itertools.islice(itertools.cycle(questions), options.asks):
                began = time.perf_counter()
                client.post("/v1/ask", json={"question": question}).raise_for_status()
                took.append(1000 * (time.perf_counter() - began))
            figures["server_peak_mib"] = round(peak_mib(pid))
        figures |= {"asks": len(took), "p50_ms": round(float(np.percentile(took, 50)), 1)}
        figures["p95_ms"] = round(float(np.percentile(took, 95)), 1)
        print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
