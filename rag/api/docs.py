"""The OpenAPI document as one page of plain HTML: no script, nothing loaded from anywhere."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from shlex import quote
from typing import Any

from rag.api.problems import REQUEST_CODES, status_of
from rag.errors import RagError

_STYLE = (
    "body{max-width:60rem;margin:2rem auto;padding:0 1rem;font:16px/1.5 system-ui,sans-serif;color-scheme:light dark}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere}"
    "pre{padding:.75rem;border:1px solid #8886;border-radius:6px;font-size:.85rem}"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}"
    "td,th{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #8884}"
    "h2{margin-top:2.5rem}h3 code{font-size:1.05rem}:target{background:#fd05}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_ADDRESS = "http://127.0.0.1:8000"

Document = Mapping[str, Any]


def page(document: Document) -> str:
    """The page for an OpenAPI document: every route with an example to paste, every schema, every problem."""
    info = document["info"]
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}</title>'
            f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>',
            f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info['description'])}</p>",
            '<p>For machines: <a href="/openapi.json">/openapi.json</a>. To ask: <a href="/">the page</a>.</p>',
            "<h2>Routes</h2>",
            *(
                _operation(method, path, operation)
                for path, methods in document["paths"].items()
                for method, operation in methods.items()
            ),
            "<h2>Objects</h2>",
            *(_schema(name, schema) for name, schema in document["components"]["schemas"].items()),
            "<h2>Problems</h2><p>Errors are <code>application/problem+json</code>; programs may rely on the code.</p>",
            "<table><tr><th>code<th>status</tr>",
            *(
                f'<tr id="{code}"><td><code>{code}</code><td>{status}</tr>'
                for code, status in sorted({*_problems(), *((code, status) for status, code in REQUEST_CODES.items())})
            ),
            "</table></body></html>",
        ]
    )


def _operation(method: str, path: str, operation: Document) -> str:
    parts = [
        f"<h3><code>{method.upper()} {escape(path)}</code></h3><p>{escape(operation.get('description', ''))}</p>",
    ]
    parameters = operation.get("parameters", [])
    url = path.format_map({entry["name"]: entry["schema"].get("examples", [""])[0] for entry in parameters})
    if parameters:
        rows = [(entry["name"], entry["schema"], entry.get("description", "")) for entry in parameters]
        parts.append(_table(rows))
    content = operation.get("requestBody", {}).get("content", {})
    body = content.get("application/json", {})
    if body:
        parts.append(f"<p>Body: {_type(body['schema'])}</p>")
    for example in body.get("examples", {}).values():
        data = quote(json.dumps(example["value"], ensure_ascii=False))
        command = f"curl {_ADDRESS}{url} -X {method.upper()} -H 'Content-Type: application/json' -d {data}"
        parts.append(f"<p>{escape(example.get('summary', ''))}</p><pre>{escape(command)}</pre>")
    if "multipart/form-data" in content:
        parts.append(f"<p>Files</p><pre>curl {_ADDRESS}{url} -F files=@article.md -F files=@more.jsonl</pre>")
    return "\n".join(parts)


def _schema(name: str, schema: Document) -> str:
    required = schema.get("required", [])
    rows = [
        (field, entry, f"{entry.get('description', '')}{' Required.' if field in required else ''}")
        for field, entry in schema.get("properties", {}).items()
    ]
    return f'<h3 id="{name}">{name}</h3><p>{escape(schema.get("description", ""))}</p>{_table(rows)}'


def _table(rows: list[tuple[str, Document, str]]) -> str:
    cells = [f"<tr><td><code>{name}</code><td>{_type(schema)}<td>{escape(text)}</tr>" for name, schema, text in rows]
    return f"<table>{''.join(cells)}</table>"


def _type(schema: Document) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"])
    if "prefixItems" in schema:
        return ", ".join(_type(item) for item in schema["prefixItems"])
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    limits = {"minimum": "&ge;", "maximum": "&le;", "maxLength": "length &le;"}
    bounds = [f"{sign} {schema[key]:g}" for key, sign in limits.items() if key in schema]
    return ", ".join([str(schema.get("const", schema.get("type", "anything"))), *bounds])


def _problems(kind: type[RagError] = RagError) -> Iterator[tuple[str, int]]:
    yield kind.code, int(status_of(kind("")))
    for child in kind.__subclasses__():
        yield from _problems(child)
