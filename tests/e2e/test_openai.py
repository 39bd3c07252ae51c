"""The service as OpenAI's own Python client sees it."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from rag.responses.schemas import AskResponse

from .test_http import NO_MODEL, service

README = Path(__file__).parents[2] / "README.md"
QUESTION = "Who is the mayor of Oban?"
MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": QUESTION}]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with service(tmp_path_factory.mktemp("index"), **NO_MODEL, min_probability=0.0) as client:
        article = {"id": "isle", "title": "Isle", "text": "The mayor of Tiree is Flora Bain.", "url": "https://e.org/t"}
        client.post("/v1/articles?collection=isles", json={"articles": [article]}).raise_for_status()
        yield client


@pytest.fixture(scope="module")
def client(running: httpx.Client) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{running.base_url}/v1", api_key="none", max_retries=0) as made:
        yield made


def test_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["quoth", "quoth/isles"]
    assert client.models.retrieve("quoth").owned_by == "quoth"
    assert client.models.retrieve("quoth/isles").id == "quoth/isles"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-6-astra")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


def test_a_reply(client: openai.OpenAI, running: httpx.Client) -> None:
    said = client.chat.completions.create(model="quoth", messages=MESSAGES, temperature=0.2, max_tokens=5, seed=1)
    [choice] = said.choices
    assert (said.object, said.model, choice.finish_reason, choice.message.role) == (
        "chat.completion",
        "quoth",
        "stop",
        "assistant",
    )
    content = choice.message.content or ""
    assert "**Zoë Café**" in content
    assert "— The mayor of Oban (" in content
    quotes = check_annotations(content, choice.message.annotations)
    assert said.usage is not None
    assert said.usage.prompt_tokens > 0 < said.usage.completion_tokens
    assert said.usage.total_tokens == said.usage.prompt_tokens + said.usage.completion_tokens
    record = AskResponse.model_validate((said.model_extra or {})["quoth"])
    assert [answer.text for answer in record.answers] == quotes
    asked = running.post("/v1/ask", json={"question": QUESTION}).json()
    assert record.model_dump(mode="json") | {"timings": {}} == asked | {"timings": {}}


def check_annotations(content: str, annotations: Any) -> list[str]:
    """The quotes, each held against the content."""
    places = [annotation.url_citation for annotation in annotations]
    quotes = [content[place.start_index : place.end_index] for place in places]
    mayor = places[quotes.index("Zoë Café")]
    assert mayor.title == "The mayor of Oban"
    assert re.match(r"http://127.0.0.1:\d+/#/article/town%2F1\?start=\d+&end=\d+&sha256=[0-9a-f]{12}$", mayor.url)
    return quotes


def test_a_stream_says_the_same(client: openai.OpenAI) -> None:
    said = client.chat.completions.create(model="quoth", messages=MESSAGES)
    chunks = list(
        client.chat.completions.create(
            model="quoth", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
    )
    first, *_, last, usage = chunks
    assert first.choices[0].delta.role == "assistant"
    assert {(chunk.id, chunk.created, chunk.model) for chunk in chunks} == {(first.id, first.created, "quoth")}
    content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert content == said.choices[0].message.content
    assert len(chunks) > 4
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]] == [None] * (len(chunks) - 2) + ["stop"]
    annotations = said.choices[0].message.annotations or []
    assert (last.choices[0].delta.model_extra or {})["annotations"] == [entry.to_dict() for entry in annotations]
    record = AskResponse.model_validate((last.model_extra or {})["quoth"])
    assert [answer.text for answer in record.answers] == check_annotations(content or "", annotations)
    assert (usage.choices, usage.usage) == ([], said.usage)
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_the_clients_own_accumulation_of_a_stream(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="quoth", messages=MESSAGES) as stream:
        assert [event.type for event in stream][-1] == "content.done"
        message = stream.get_final_completion().choices[0].message
    check_annotations(message.content or "", message.annotations)


def test_another_collection_options_and_a_conversation(client: openai.OpenAI) -> None:
    said = client.chat.completions.create(
        model="quoth/isles",
        messages=[
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": [{"type": "text", "text": "The archive does not say."}]},
            {
                "role": "user",
                "content": [{"type": "text", "text": "Who is the mayor"}, {"type": "text", "text": "of Tiree?"}],
            },
        ],
        extra_body={"quoth": {"max_answers": 1, "include": ["passages"]}, "unheard_of": 1},
    )
    [annotation] = said.choices[0].message.annotations or []
    assert annotation.url_citation.url.startswith("https://e.org/t#:~:text=")
    record = (said.model_extra or {})["quoth"]
    assert (record["question"], len(record["passages"])) == ("Who is the mayor\nof Tiree?", 1)


def test_silence(client: openai.OpenAI) -> None:
    said = client.chat.completions.create(
        model="quoth", messages=MESSAGES, extra_body={"quoth": {"where": {"source": "Nobody"}}}
    )
    message = said.choices[0].message
    assert (message.content or "").startswith("The archive does not say: ")
    assert message.annotations == []
    assert (said.model_extra or {})["quoth"]["code"] == "no_passage"


@pytest.mark.parametrize("stream", [False, True])
def test_errors(client: openai.OpenAI, stream: bool) -> None:
    def refused(kind: type[openai.APIStatusError], **sent: Any) -> tuple[str | None, str | None, str | None]:
        with pytest.raises(kind) as caught:
            client.chat.completions.create(**{"model": "quoth", "messages": MESSAGES, "stream": stream, **sent})
        return caught.value.type, caught.value.code, caught.value.param

    invalid = "invalid_request_error"
    assert refused(openai.NotFoundError, model="gpt-6-astra") == (invalid, "model_not_found", "model")
    assert refused(openai.BadRequestError, n=2) == (invalid, "request.invalid", "n")
    assert refused(openai.BadRequestError, messages=[]) == (invalid, "request.invalid", "messages")
    blank = [{"role": "user", "content": " "}]
    assert refused(openai.BadRequestError, messages=blank) == (invalid, "input.question", "messages")
    options = {"quoth": {"top_k": 0}}
    assert refused(openai.BadRequestError, extra_body=options) == (invalid, "request.invalid", "quoth.top_k")


def test_the_asynchronous_client(running: httpx.Client) -> None:
    async def ask() -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{running.base_url}/v1", api_key="none", max_retries=0) as client:
            whole, parts = await asyncio.gather(
                client.chat.completions.create(model="quoth", messages=MESSAGES),
                client.chat.completions.create(model="quoth", messages=MESSAGES, stream=True),
            )
            text = "".join([chunk.choices[0].delta.content or "" async for chunk in parts])
            with pytest.raises(openai.NotFoundError):
                await client.models.retrieve("quoth/nowhere")
            return [whole.choices[0].message.content or "", text]

    one, other = asyncio.run(ask())
    assert one == other
    assert "Zoë Café" in one


def test_the_block_of_the_readme(running: httpx.Client) -> None:
    [block] = re.findall(r"^```py\n(.*?)^```$", README.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    code = block.replace("http://127.0.0.1:8000", str(running.base_url).rstrip("/"))
    assert code != block
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "> “" in done.stdout
    assert "/#/article/town%2F" in done.stdout


@pytest.mark.models
@pytest.mark.slow
def test_with_the_shipped_models(tmp_path: Path) -> None:
    with service(tmp_path) as running, openai.OpenAI(base_url=f"{running.base_url}/v1", api_key="none") as client:
        said = client.chat.completions.create(model="quoth", messages=MESSAGES)
        message = said.choices[0].message
        assert check_annotations(message.content or "", message.annotations)[0] == "Zoë Café"
