"""What `import rag` promises: its names, and what it does not load."""

import subprocess
import sys

import pytest

import rag


def test_all_names_every_public_thing_in_order() -> None:
    assert sorted(rag.__all__) == rag.__all__
    for name in rag.__all__:
        assert getattr(rag, name) is not None
    assert len(rag.__all__) <= 25


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'clos'"):
        _ = rag.clos


@pytest.mark.parametrize("code", ["import rag", "import rag.cli", "from rag import open, Library, ingest, Settings"])
def test_starting_loads_no_heavy_library(code: str) -> None:
    heavy = ["torch", "transformers", "sentence_transformers", "faiss", "onnxruntime", "fastapi", "trafilatura"]
    check = f"import sys; {code}; print(*[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
