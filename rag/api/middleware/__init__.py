"""ASGI middlewares, one job each; `rag.api.app` puts them in order."""
