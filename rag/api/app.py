"""The service: routes, middlewares, and the models and the index they share."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.middleware import Middleware

import rag
from rag.api import articles, ask, chat, ops, problems
from rag.api.middleware.access_log import AccessLog
from rag.api.middleware.body_limit import BodyLimit
from rag.api.middleware.hosts import LoopbackHosts
from rag.api.middleware.origins import SameOriginWrites
from rag.api.middleware.request_id import RequestId
from rag.api.middleware.response_headers import ResponseHeaders
from rag.api.middleware.unexpected_errors import UnexpectedErrors
from rag.api.problems import Problem
from rag.api.schemas import ArticlesRequest
from rag.bootstrap import Library
from rag.errors import SettingsError
from rag.settings import Settings
from rag.types import Hit

WEB = Path(rag.__file__).parent / "web"
SHUTDOWN_SECONDS = 10

_DESCRIPTION = (
    "Answers in the articles' own words, with proof: every quote is article.text[start:end], counted in code points."
)
_PROBLEM_REFERENCE = {"schema": {"$ref": "#/components/schemas/Problem"}}


def create_app(settings: Settings, *, library: Library | None = None) -> FastAPI:
    """The application; its lifespan opens and warms the library, unless given a warm one, and closes it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = await run_in_threadpool(warm_library, settings) if library is None else library
        app.state.library = opened
        try:
            yield
        finally:
            opened.close()

    app = _Service(
        title="Quoth",
        version=rag.__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=_middleware(settings),
        responses={"default": {"description": "A problem", "content": {problems.MEDIA_TYPE: _PROBLEM_REFERENCE}}},
    )
    problems.install(app)
    for module in (ask, articles, chat, ops):
        app.include_router(module.router)
    app.frontend("/", directory=WEB, fallback=None)
    return app


def _middleware(settings: Settings) -> list[Middleware]:
    """What every request passes through, outermost first: what refuses comes after what logs and adds headers."""
    return [
        Middleware(RequestId),
        Middleware(AccessLog),
        Middleware(ResponseHeaders),
        Middleware(UnexpectedErrors),
        Middleware(LoopbackHosts, host=settings.host),
        Middleware(SameOriginWrites),
        Middleware(BodyLimit, max_bytes=settings.max_body_bytes),
    ]


def warm_library(settings: Settings) -> Library:
    """A library whose models have run once and whose collection has been asked; one that is not there is made.

    Raises:
        ModelError: a model cannot be loaded or run.
        IndexStoreError: the index cannot be used or made.
    """
    library = Library(settings)
    text = "The ferry to Mull leaves at noon."
    library.reader.read("When does it leave?", [Hit.of(text)])
    library.archive(create=True)
    library.pipeline().ask(text)
    return library


def serve(settings: Settings) -> None:
    """Serves until interrupted; requests under way then have `SHUTDOWN_SECONDS` to end. Prints nothing.

    Raises:
        SettingsError: the address cannot be listened on.
        ModelError: a model cannot be loaded or run.
        IndexStoreError: the index cannot be used or made.
    """
    with _listening(settings) as listener:
        app = create_app(settings, library=warm_library(settings))
        config = uvicorn.Config(
            app,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=128)
    except OSError as error:
        message = f"cannot listen on {settings.host}:{settings.port}: {error.strerror}"
        raise SettingsError(message, hint="choose another with --host and --port") from error


class _Service(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, with the shapes that no route names as its parameter or result."""
        document = super().openapi()
        for model in (Problem, ArticlesRequest):
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            document["components"]["schemas"].update(schema.pop("$defs"), **{model.__name__: schema})
        return document
