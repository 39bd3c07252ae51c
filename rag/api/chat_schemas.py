"""The shapes of OpenAI's chat completions, as far as they have a meaning here.

What cannot matter where nothing is generated (``temperature``, ``max_tokens``, ``seed`` and the like) is ignored, as is
everything unknown; what asks for something that is not there is refused.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from rag.api.schemas import AskOptions, Text
from rag.responses.chat import Annotation
from rag.responses.schemas import AskResponse
from rag.types import MAX_TURN_LENGTH, MAX_TURNS, Turn

MOST_MESSAGES = 1_000
MOST_CHARACTERS = 1_000_000

# Parameters that ask for what is not there: the values that do not, and what is said of the others.
_ANSWER = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_REFUSED: Mapping[str, tuple[tuple[object, ...], str]] = {
    "n": ((None, 1), "one reply is given"),
    "tools": ((None, []), "there are no tools"),
    "functions": ((None, []), "there are no functions"),
    "logprobs": ((None, False), "there are no log probabilities"),
    "response_format": ((None, {"type": "text"}), "the reply is text"),
    "modalities": ((None, ["text"]), "the reply is text"),
}


def _text_of(value: object) -> object:
    """The text of a message's content; a list of parts must hold text only."""
    if value is None:
        return ""
    if not isinstance(value, list):
        return value
    texts = [part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in value]
    if not all(isinstance(text, str) for text in texts):
        raise PydanticCustomError("only_text", "only text is read: send a string, or parts of the type text")
    return "\n".join(filter(None, texts))


class TextPart(BaseModel):
    """A part of a message."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """A message of the conversation."""

    role: Literal["system", "developer", "user", "assistant"] = Field(
        description="`system` and `developer` are ignored: nothing is generated that they could steer."
    )
    content: Annotated[Text, BeforeValidator(_text_of, json_schema_input_type=str | list[TextPart] | None)] = Field(
        default="", description="Text, or a list of parts that are text."
    )

    @field_validator("role", mode="before")
    @classmethod
    def _no_tools(cls, value: object) -> object:
        if value in ("tool", "function"):
            raise PydanticCustomError("no_tools", "results of tools are not read: there are no tools")
        return value


class StreamOptions(BaseModel):
    """What a stream also holds."""

    include_usage: bool | None = Field(default=None, description="A last chunk with the usage.")


class ChatRequest(BaseModel):
    """A conversation whose last message of the user is the question."""

    model: Text = Field(description="`quoth`, or `quoth/NAME` for another collection; `/v1/models` lists them.")
    messages: list[ChatMessage] = Field(
        max_length=MOST_MESSAGES,
        description=f"The last of the role `user` is the question; together at most {MOST_CHARACTERS:,} characters.",
    )
    stream: bool | None = Field(default=None, description="Send the reply as server-sent events.")
    stream_options: StreamOptions | None = None
    n: Any = Field(default=None, description="1: one reply is given.")
    tools: Any = Field(default=None, description="None: there are no tools.")
    functions: Any = Field(default=None, description="None: there are no functions.")
    logprobs: Any = Field(default=None, description="False: there are no log probabilities.")
    response_format: Any = Field(default=None, description="The type `text`.")
    modalities: Any = Field(default=None, description="Only `text`.")
    quoth: AskOptions = Field(default=AskOptions(), description="The options of `/v1/ask`.")

    @field_validator(*_REFUSED)
    @classmethod
    def _refuse(cls, value: object, info: ValidationInfo) -> object:
        harmless, message = _REFUSED[info.field_name or ""]
        if value not in harmless:
            raise PydanticCustomError("unsupported", "is not supported: {message}", {"message": message})
        return value

    @field_validator("messages")
    @classmethod
    def _ask_something(cls, value: list[ChatMessage]) -> list[ChatMessage]:
        if not any(message.role == "user" for message in value):
            raise PydanticCustomError("no_question", "hold no question: send a message of the role user")
        if sum(len(message.content) for message in value) > MOST_CHARACTERS:
            raise PydanticCustomError("too_long", "are too long: send fewer of the earlier messages")
        return value

    @property
    def question(self) -> str:
        """The last message of the user."""
        return self.messages[self._at].content

    @property
    def turns(self) -> list[Turn]:
        """What the user said and was told before the question, oldest first; of a reply in our frame its answer."""
        before = [one for one in self.messages[: self._at] if one.role in {"user", "assistant"}][-MAX_TURNS:]
        return [
            Turn(role="user", content=one.content[:MAX_TURN_LENGTH])
            if one.role == "user"
            else Turn(role="assistant", content=_told(one.content)[:MAX_TURN_LENGTH])
            for one in before
        ]

    @property
    def _at(self) -> int:
        return max(at for at, message in enumerate(self.messages) if message.role == "user")


class ChatReply(BaseModel):
    """What is said."""

    role: Literal["assistant"] = "assistant"
    content: str = Field(description="The quoted answers in a fixed frame, or that the archive does not say.")
    refusal: None = None
    annotations: list[Annotation] = Field(description="Where the quotes stand in the content, and in which articles.")


class ChatChoice(BaseModel):
    """The one reply."""

    index: Literal[0] = 0
    message: ChatReply
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class ChatUsage(BaseModel):
    """Lengths in tokens of the embedder; what is ignored is not counted."""

    prompt_tokens: int = Field(description="Of the question and the turns before it.")
    completion_tokens: int = Field(description="Of the content.")
    total_tokens: int


class ChatCompletion(BaseModel):
    """A reply as OpenAI's API shapes it, and the whole of what `/v1/ask` says."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int = Field(description="When it was made, in seconds since 1970.")
    model: str
    choices: tuple[ChatChoice]
    usage: ChatUsage
    quoth: AskResponse


class Model(BaseModel):
    """A collection, as a model that answers from it."""

    id: str
    object: Literal["model"] = "model"
    created: int = Field(default=0, description="Always 0: it is not recorded.")
    owned_by: Literal["quoth"] = "quoth"


class Models(BaseModel):
    """What can be asked."""

    object: Literal["list"] = "list"
    data: list[Model]


def _told(content: str) -> str:
    answer = _ANSWER.search(content)
    return answer[1] if answer else content
