"""Logging: one line an event to standard error, never a question's text at INFO."""

import logging
import sys


def configure(level: str) -> None:
    """Sends the records of this package to standard error, from ``level`` up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    package = logging.getLogger("rag")
    package.handlers[:] = [handler]
    package.setLevel(level)
    package.propagate = False
