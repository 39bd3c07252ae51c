"""Errors as HTTP responses: one shape (RFC 9457, ``application/problem+json``), and the only place with statuses."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from rag.errors import (
    BusyError,
    IndexLockedError,
    IndexMismatchError,
    IndexMissingError,
    InputError,
    ModelMissingError,
    NotFoundError,
    RagError,
)

MEDIA_TYPE = "application/problem+json"

# An error's status is that of the nearest ancestor listed here.
STATUSES: Mapping[type[RagError], HTTPStatus] = {
    InputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFoundError: HTTPStatus.NOT_FOUND,
    IndexMissingError: HTTPStatus.NOT_FOUND,
    IndexMismatchError: HTTPStatus.CONFLICT,
    IndexLockedError: HTTPStatus.LOCKED,
    ModelMissingError: HTTPStatus.SERVICE_UNAVAILABLE,
    BusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    RagError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
RETRY_AFTER_SECONDS: Mapping[type[RagError], int] = {IndexLockedError: 1, BusyError: 1}

# Codes of what goes wrong before one of our own errors can.
REQUEST_CODES: Mapping[int, str] = {
    400: "request.malformed",
    403: "request.origin",
    404: "route.missing",
    405: "route.method",
    413: "request.too_large",
    415: "request.media_type",
    421: "request.host",
    422: "request.invalid",
    500: "internal",
}

_LOG = logging.getLogger(__name__)


class FieldProblem(BaseModel):
    """A field of the request and what is wrong with it."""

    field: str
    message: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; programs may rely on it.")
    hint: str = Field(description="What mends it.")
    request_id: str
    errors: list[FieldProblem] = Field(description="The fields at fault, if it is the request.")


def problem(
    status: int,
    detail: str,
    *,
    request_id: str,
    code: str | None = None,
    hint: str = "",
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The response that says what went wrong; characters that JSON cannot carry are escaped."""
    name = code or REQUEST_CODES.get(status, f"http.{status}")
    body = Problem(
        type=f"/docs#{name}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=printable(detail),
        code=name,
        hint=printable(hint),
        request_id=request_id,
        errors=list(errors),
    )
    return JSONResponse(body.model_dump(), status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def status_of(error: RagError) -> HTTPStatus:
    """The status an error of ours is answered with."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def printable(text: str) -> str:
    """The text with lone surrogates escaped, so that it can be encoded."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def install(app: FastAPI) -> None:
    """Makes every error that reaches the application a problem."""
    app.exception_handler(RagError)(_of_rag_error)
    app.exception_handler(RequestValidationError)(_of_validation_error)
    app.exception_handler(HTTPException)(_of_http_exception)


async def _of_rag_error(request: Request, error: RagError) -> JSONResponse:
    status = status_of(error)
    request_id = request.state.request_id
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.error("%s: %s [%s]", error.code, error, request_id)
    wait = next((RETRY_AFTER_SECONDS[kind] for kind in type(error).__mro__ if kind in RETRY_AFTER_SECONDS), None)
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return problem(status, error.message, request_id=request_id, code=error.code, hint=error.hint, headers=headers)


async def _of_validation_error(request: Request, error: RequestValidationError) -> JSONResponse:
    details: Sequence[ErrorDetails] = error.errors()
    request_id = request.state.request_id
    if any(detail["type"] == "json_invalid" for detail in details):
        return problem(400, "the body is not JSON", request_id=request_id, hint="send one JSON object")
    errors = [
        FieldProblem(field=field_name(detail["loc"][1:]), message=printable(detail["msg"])) for detail in details[:20]
    ]
    summary = "; ".join(f"{entry.field}: {entry.message}" if entry.field else entry.message for entry in errors)
    return problem(422, summary, request_id=request_id, hint="/docs lists the fields and their limits", errors=errors)


async def _of_http_exception(request: Request, error: HTTPException) -> JSONResponse:
    return problem(error.status_code, str(error.detail), request_id=request.state.request_id, headers=error.headers)


def field_name(location: Sequence[str | int]) -> str:
    """A field as one writes it: ``where.tags[2]``."""
    name = ""
    for part in location:
        name += f"[{part}]" if isinstance(part, int) else f".{printable(part)}" if name else printable(part)
    return name
