"""Every example of the OpenAPI document is sent, and works."""

from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from .conftest import BRIDGE


@pytest.fixture
def stocked(empty: TestClient) -> TestClient:
    empty.post("/v1/articles", json={"articles": [{**BRIDGE, "id": "example/bridge"}]})
    return empty


def test_every_route_works_with_its_examples(stocked: TestClient) -> None:
    document: dict[str, Any] = stocked.get("/openapi.json").json()
    sent = set()
    operations = [(path, method, op) for path, ops in document["paths"].items() for method, op in ops.items()]
    operations.sort(key=lambda operation: operation[1] == "delete")
    for path, method, operation in operations:
        url = path
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                example = parameter["schema"].get("examples", parameter.get("examples"))[0]
                url = url.replace(f"{{{parameter['name']}}}", quote(example))
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        bodies = [example["value"] for example in content["examples"].values()] if content else [None]
        assert bodies
        for body in bodies:
            response = stocked.request(method.upper(), url, json=body) if body else stocked.request(method.upper(), url)
            assert response.is_success, (method, url, response.text)
            assert response.json().get("rejected", []) == [] if response.content else True
        sent.add((method, path))
    assert sent == {
        ("post", "/v1/ask"),
        ("post", "/v1/search"),
        ("post", "/v1/articles"),
        ("get", "/v1/articles"),
        ("get", "/v1/articles/{id}"),
        ("put", "/v1/articles/{id}"),
        ("delete", "/v1/articles/{id}"),
        ("post", "/v1/chat/completions"),
        ("get", "/v1/models"),
        ("get", "/v1/models/{id}"),
        ("get", "/v1/index"),
        ("get", "/healthz"),
        ("get", "/readyz"),
    }


def test_every_reference_of_the_document_leads_somewhere(stocked: TestClient) -> None:
    document: dict[str, Any] = stocked.get("/openapi.json").json()
    schemas = document["components"]["schemas"]

    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for value in node.values() for found in references(value)]
        return [found for value in node for found in references(value)] if isinstance(node, list) else []

    assert {reference.rpartition("/")[2] for reference in references(document)} == set(schemas)
    assert stocked.get("/openapi.json").json() == document


def test_requests_describe_every_field(stocked: TestClient) -> None:
    schemas = stocked.get("/openapi.json").json()["components"]["schemas"]
    for name in ("AskRequest", "HistoryTurn", "SearchRequest", "WhereFilter", "ArticleRecord", "ArticleContent"):
        assert schemas[name]["additionalProperties"] is False
        for field, schema in schemas[name]["properties"].items():
            assert schema.get("description"), (name, field)
