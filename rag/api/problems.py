"""Errors as HTTP responses, and the only place with statuses.

They have one shape (RFC 9457, ``application/problem+json``), except on the routes that speak OpenAI's API: there they
have OpenAI's, ``{"error": {"message", "type", "param", "code"}}``, and a request that is not valid is a 400 as there.
"""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.types import Scope

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

# Routes that speak OpenAI's API, with all below them; the statuses, and names of errors, that are others there.
OPENAI_ROUTES = ("/v1/chat", "/v1/models")
OPENAI_STATUSES: Mapping[int, HTTPStatus] = {422: HTTPStatus.BAD_REQUEST}
OPENAI_CODES: Mapping[str, str] = {"not_found": "model_not_found", "index.missing": "model_not_found"}
OPENAI_PARAMS: Mapping[str, str] = {"not_found": "model", "index.missing": "model", "input.question": "messages"}

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


class OpenAIError(BaseModel):
    """What went wrong, as OpenAI says it."""

    message: str = Field(description="What went wrong, and what mends it.")
    type: Literal["invalid_request_error", "server_error"]
    param: str | None = Field(description="The parameter at fault, if it is one.")
    code: str = Field(description="Stable; programs may rely on it.")


class OpenAIProblem(BaseModel):
    """The body of an error on the routes that speak OpenAI's API."""

    error: OpenAIError


def problem(
    status: int,
    detail: str,
    *,
    scope: Scope,
    code: str | None = None,
    hint: str = "",
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The response that says what went wrong, in the shape of the route; what JSON cannot carry is escaped."""
    name = code or REQUEST_CODES.get(status, f"http.{status}")
    body = Problem(
        type=f"/docs#{name}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=printable(detail),
        code=name,
        hint=printable(hint),
        request_id=scope["state"]["request_id"],
        errors=list(errors),
    )
    sent = dict(headers or {})
    if speaks_openai(scope["path"]):
        status = OPENAI_STATUSES.get(status, status)
        return JSONResponse(_as_openai(body).model_dump(), status_code=status, headers=sent)
    return JSONResponse(body.model_dump(), status_code=status, headers=sent, media_type=MEDIA_TYPE)


def speaks_openai(path: str) -> bool:
    """Whether the route speaks OpenAI's API."""
    return any(path == route or path.startswith(f"{route}/") for route in OPENAI_ROUTES)


def _as_openai(body: Problem) -> OpenAIProblem:
    field = body.errors[0].field if body.errors else None
    error = OpenAIError(
        message=f"{body.detail} ({body.hint})" if body.hint else body.detail,
        type="invalid_request_error" if body.status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error",
        param=field or OPENAI_PARAMS.get(body.code),
        code=OPENAI_CODES.get(body.code, body.code),
    )
    return OpenAIProblem(error=error)


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
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.error("%s: %s [%s]", error.code, error, request.state.request_id)
    wait = next((RETRY_AFTER_SECONDS[kind] for kind in type(error).__mro__ if kind in RETRY_AFTER_SECONDS), None)
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return problem(status, error.message, scope=request.scope, code=error.code, hint=error.hint, headers=headers)


async def _of_validation_error(request: Request, error: RequestValidationError) -> JSONResponse:
    details: Sequence[ErrorDetails] = error.errors()
    scope = request.scope
    if any(detail["type"] == "json_invalid" for detail in details):
        return problem(400, "the body is not JSON", scope=scope, hint="send one JSON object")
    errors = [
        FieldProblem(field=field_name(detail["loc"][1:]), message=printable(detail["msg"])) for detail in details[:20]
    ]
    summary = "; ".join(f"{entry.field}: {entry.message}" if entry.field else entry.message for entry in errors)
    return problem(422, summary, scope=scope, hint="/docs lists the fields and their limits", errors=errors)


async def _of_http_exception(request: Request, error: HTTPException) -> JSONResponse:
    return problem(error.status_code, str(error.detail), scope=request.scope, headers=error.headers)


def field_name(location: Sequence[str | int]) -> str:
    """A field as one writes it: ``where.tags[2]``."""
    name = ""
    for part in location:
        name += f"[{part}]" if isinstance(part, int) else f".{printable(part)}" if name else printable(part)
    return name
