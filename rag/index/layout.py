"""The files of a collection's folder, their names and the SQL schema: format 2.

The page for readers of the files, with an independent decoder, is ``index/README.md``.
"""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT = 2
EARLIER_FORMATS = (1,)
TOKENIZER = "porter unicode61 remove_diacritics 2"
TITLE_WEIGHT = 1.0

DATABASE = "archive.sqlite"
SNAPSHOTS = "snapshots"
LOCK = "write.lock"
DRAFT = "upgrade"

SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE article (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  url TEXT,
  source TEXT,
  author TEXT,
  language TEXT,
  published_at TEXT,
  tags TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  digest TEXT NOT NULL,
  origin TEXT,
  ingested_at TEXT NOT NULL
) STRICT;
CREATE INDEX article_published_at ON article (published_at);
CREATE INDEX article_source ON article (source);
CREATE INDEX article_origin ON article (origin);

CREATE TABLE article_tag (
  tag TEXT NOT NULL,
  article INTEGER NOT NULL REFERENCES article (row) ON DELETE CASCADE,
  PRIMARY KEY (tag, article)
) STRICT, WITHOUT ROWID;
CREATE INDEX article_tag_article ON article_tag (article);

CREATE TABLE passage (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  article INTEGER NOT NULL REFERENCES article (row),
  start INTEGER NOT NULL CHECK (start >= 0),
  "end" INTEGER NOT NULL CHECK ("end" > start)
) STRICT;
CREATE INDEX passage_article ON passage (article);

CREATE VIEW passage_text AS
  SELECT passage.row AS row, title, substr(text, start + 1, "end" - start) AS text
  FROM passage JOIN article ON article.row = passage.article;

CREATE VIRTUAL TABLE passage_fts USING fts5 (
  title, text, content = 'passage_text', content_rowid = 'row', tokenize = '{TOKENIZER}'
);

CREATE TABLE vector (
  row INTEGER PRIMARY KEY REFERENCES passage (row) ON DELETE CASCADE,
  value BLOB NOT NULL
) STRICT;

CREATE TABLE change (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('add', 'remove')),
  first INTEGER NOT NULL,
  last INTEGER NOT NULL CHECK (last >= first),
  at TEXT NOT NULL
) STRICT;

CREATE TABLE revision (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  text TEXT NOT NULL,
  valid_from TEXT NOT NULL,
  valid_to TEXT NOT NULL
) STRICT;
CREATE INDEX revision_id ON revision (id, sha256);
"""  # noqa: S608

_SNAPSHOT_NAME = re.compile(r"(\d+)-([0-9a-f]{12})\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the file beside a FAISS snapshot says of it.

    ``seq`` is the last change it holds and ``at`` the time of that change: a snapshot belongs to an archive
    only if both agree, so one left over from another archive is never used.
    """

    seq: int
    at: str
    rows: int
    dim: int
    size: int
    sha256: str
    format: int = FORMAT

    def __post_init__(self) -> None:
        numbers = (self.seq, self.rows, self.dim, self.size, self.format)
        if not all(type(number) is int and number >= 0 for number in numbers):
            raise ValueError("seq, rows, dim, size and format must be whole numbers")
        if self.format != FORMAT:
            raise ValueError(f"format {self.format} is not {FORMAT}")
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError("sha256 must be 64 hexadecimal digits")

    @property
    def stem(self) -> str:
        """The name both files share, without suffix."""
        return f"{self.seq}-{self.sha256[:12]}"

    def to_json(self) -> str:
        """The content of the file beside the snapshot."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Snapshot":
        """The record that `to_json` wrote.

        Raises:
            ValueError: it is not such a record.
        """
        try:
            return cls(**json.loads(text))
        except (TypeError, RecursionError) as error:
            raise ValueError(f"not the record of a snapshot: {error}") from error


def snapshot_files(folder: Path) -> list[Path]:
    """The .json files of a collection's snapshots, newest first; one without its .faiss file is listed too."""
    records = [path for path in (folder / SNAPSHOTS).glob("*.json") if _SNAPSHOT_NAME.fullmatch(path.name)]
    return sorted(records, key=lambda path: (snapshot_seq(path), path.name), reverse=True)


def snapshot_seq(path: Path) -> int:
    """The number of the change in a snapshot's file name."""
    return int(path.stem.split("-")[0])


def settle(draft: Path, path: Path) -> None:
    """Renames a finished file, with content and name synced to disk."""
    with draft.open("r+b") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    if os.name == "posix":
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
