"""The HTTP API; `rag.api.app` has `create_app` and `serve`."""
