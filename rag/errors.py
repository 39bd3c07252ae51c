"""Everything that can go wrong on purpose.

Each error has a message for the person, a ``hint`` that says what mends it, and a ``code`` that programs
may rely on. HTTP statuses belong to the API, exit codes to the command line.

RagError                        rag
├── SettingsError               settings.invalid
├── InputError                  input.invalid
│   ├── ArticleError            input.article       has .file and .line
│   └── QuestionError           input.question
├── IndexStoreError             index.failed
│   ├── IndexMissingError       index.missing
│   ├── IndexFormatError        index.format
│   ├── IndexCorruptError       index.corrupt
│   ├── IndexMismatchError      index.mismatch
│   └── IndexLockedError        index.locked
├── ModelError                  model.failed
│   └── ModelMissingError       model.missing
├── NotFoundError               not_found
└── BusyError                   busy

A plain ValueError is a defect of ours and is never caught. Abstaining is not an error.
"""

from typing import ClassVar


class RagError(Exception):
    """Root of the tree; catch this to catch every error that is not a defect."""

    code: ClassVar[str] = "rag"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class SettingsError(RagError):
    """A setting is unknown, malformed or contradicts another."""

    code = "settings.invalid"


class InputError(RagError):
    """What was handed in cannot be used."""

    code = "input.invalid"


class ArticleError(InputError):
    """An article, or the file that holds it, cannot be read."""

    code = "input.article"

    def __init__(self, message: str, *, hint: str = "", file: str = "", line: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.file = file
        self.line = line

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {super().__str__()}" if place else super().__str__()


class QuestionError(InputError):
    """A question, or a question file's row, cannot be asked."""

    code = "input.question"


class IndexStoreError(RagError):
    """The index cannot do what was asked."""

    code = "index.failed"


class IndexMissingError(IndexStoreError):
    """There is no index at that place."""

    code = "index.missing"


class IndexFormatError(IndexStoreError):
    """The index was written in a format that this version does not read."""

    code = "index.format"


class IndexCorruptError(IndexStoreError):
    """A file of the index is not what was written."""

    code = "index.corrupt"


class IndexMismatchError(IndexStoreError):
    """The index was built with another embedder or chunker than the one in use."""

    code = "index.mismatch"


class IndexLockedError(IndexStoreError):
    """Another process is writing to the index."""

    code = "index.locked"


class ModelError(RagError):
    """A model cannot be loaded or run."""

    code = "model.failed"


class ModelMissingError(ModelError):
    """A model, or the package that would run it, is not installed."""

    code = "model.missing"


class NotFoundError(RagError):
    """No such article or collection."""

    code = "not_found"


class BusyError(RagError):
    """Too much is being asked at once; try again later."""

    code = "busy"
