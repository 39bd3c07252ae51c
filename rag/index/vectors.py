"""FAISS snapshots: built once, immutable. Nothing else imports faiss.

Adding to a FAISS index that is being searched, or to one that is mapped from a file, ends the process; a
`DenseSnapshot` therefore has no method that changes it.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.errors import IndexCorruptError
from rag.index.layout import SNAPSHOTS, Snapshot, settle
from rag.protocols import Vectors

Rows = NDArray[np.int64]


class DenseSnapshot:
    """Vectors of an archive as of one change: half-precision, flat, exact search by dot product."""

    def __init__(self, index: faiss.IndexIDMap2) -> None:
        self._index = index

    @property
    def count(self) -> int:
        """How many vectors it holds."""
        return int(self._index.ntotal)

    @property
    def rows(self) -> Rows:
        """Row numbers, in the order they were added: ascending."""
        rows: Rows = faiss.vector_to_array(self._index.id_map)
        return rows

    def search(self, vector: Vectors, *, k: int, allowed: NDArray[np.bool_] | None) -> tuple[Rows, Vectors]:
        """At most k rows and their scores, best first; ``allowed[row]`` says which may be found, all if None.

        Rows past the end of ``allowed`` are not found.
        """
        parameters = None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
            parameters = faiss.SearchParameters()
            parameters.sel = selector
        scores, rows = self._index.search(vector[np.newaxis], k, params=parameters)
        found = rows[0] >= 0
        return rows[0][found], scores[0][found]

    def vectors(self, rows: Rows) -> Vectors:
        """Shape (len(rows), dim): the stored vectors of these rows, all of which must be in the snapshot."""
        stored: Vectors = self._index.reconstruct_batch(rows)
        return stored

    def save(self, folder: Path, *, seq: int, at: str) -> Path:
        """Writes it below a collection's folder, durably; the .faiss file's path.

        The record is written last: a .faiss file without one was never finished.
        """
        target = folder / SNAPSHOTS
        target.mkdir(exist_ok=True)
        draft = target / f"{seq}.tmp"
        faiss.write_index(self._index, str(draft))
        record = Snapshot(
            seq=seq, at=at, rows=self.count, dim=int(self._index.d), size=draft.stat().st_size, sha256=_sha256(draft)
        )
        path = target / f"{record.stem}.faiss"
        settle(draft, path)
        draft.write_text(record.to_json(), encoding="utf-8")
        settle(draft, path.with_suffix(".json"))
        return path


def build(batches: Iterable[tuple[Rows, Vectors]], *, dim: int) -> DenseSnapshot:
    """A snapshot in memory of all (rows, vectors) batches, rows ascending."""
    flat = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    index = faiss.IndexIDMap2(flat)
    for rows, vectors in batches:
        index.add_with_ids(vectors, rows)
    return DenseSnapshot(index)


def load(record_path: Path) -> tuple[Snapshot, DenseSnapshot]:
    """The snapshot whose .json file this is, mapped into memory; size and sha256 are checked before FAISS reads it.

    Raises:
        IndexCorruptError: a file is missing or not what was written.
    """
    hint = "snapshots are derived and may be deleted; rag index compact writes a fresh one"
    path = record_path.with_suffix(".faiss")
    try:
        record = Snapshot.from_json(record_path.read_text(encoding="utf-8"))
        if path.stat().st_size != record.size:
            raise IndexCorruptError(f"{path.name} has {path.stat().st_size} bytes, not {record.size}", hint=hint)
        if _sha256(path) != record.sha256:
            raise IndexCorruptError(f"{path.name} is not what was written: its sha256 differs", hint=hint)
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except (OSError, ValueError, RuntimeError) as error:
        raise IndexCorruptError(f"{record_path.name} cannot be used: {error}", hint=hint) from error
    if not isinstance(index, faiss.IndexIDMap2) or (index.ntotal, index.d) != (record.rows, record.dim):
        raise IndexCorruptError(f"{path.name} does not hold {record.rows} vectors of {record.dim}", hint=hint)
    return record, DenseSnapshot(index)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
