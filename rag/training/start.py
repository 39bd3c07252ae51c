"""What a run starts from: a folder in the transformers layout, or the model folder of a reader that is in use."""

from pathlib import Path
from typing import Final

import safetensors.numpy

from rag.inference import files
from rag.inference.bert import BertConfig
from rag.inference.recover import recover

GRAPH: Final = "model.onnx"


def float_folder(start: Path, *, scratch: Path) -> Path:
    """A folder in the transformers layout: ``start`` itself, or ``scratch`` with the weights of an exported reader.

    The weights of an exported reader are those of its int8; the error of that is small and is trained away.

    Raises:
        ModelError: ``start`` is a model folder, but not a sound one of a reader.
    """
    if not (start / files.MANIFEST).exists():
        return start
    contents = files.open_model(start).contents
    weights = recover(contents[GRAPH], BertConfig.parse(contents["config.json"]))
    scratch.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json"):
        (scratch / name).write_bytes(contents[name])
    safetensors.numpy.save_file(dict(weights), scratch / "model.safetensors", metadata={"format": "pt"})
    return scratch
