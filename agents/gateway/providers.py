"""Models through LlamaIndex's classes: OpenAI-compatible endpoints, Anthropic, Ollama.

The only module that knows those classes. A provider belongs to the loop that it is first used on. Token figures are
the provider's own where it gives any; else they are estimated from the text, and the completion says so.
"""

from __future__ import annotations

import asyncio
import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from types import MappingProxyType
from typing import Any

from .failures import ModelFailure, failure_from
from .http_client import guarded_arguments
from .ports import Completion, Message, Provider, Shape
from .settings import ModelSpec
from .shapes import stating, strict_schema
from .tokens import estimated_tokens, prompt_tokens

_NO_KEY = "none"
_REFUSALS = frozenset({400, 404, 415, 422, 501})
"""What endpoints answer to a parameter that they do not know."""


def open_provider(spec: ModelSpec) -> Provider:
    """The model's endpoint, ready to be asked; nothing is sent yet. Loads the libraries, which takes seconds.

    Raises:
        ModelFailure: the library does not take this model or address.
    """
    makers: Mapping[str, Callable[[ModelSpec], Provider]] = {
        "openai": _OpenAi,
        "anthropic": _Anthropic,
        "ollama": _Ollama,
    }
    for name in ("openai", "anthropic"):
        # At the level of debugging these libraries log what they send.
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLogger(name).level))
    try:
        return makers[spec.kind](spec)
    except Exception as error:  # Libraries raise what they like at a name or an address that they do not take.
        message = f"the model {spec.model!r} at {spec.url} cannot be used ({type(error).__name__}); see [models]"
        raise ModelFailure("rejected", message) from error


class _LlamaIndexProvider(ABC):
    """What the three have in common: a LlamaIndex model, time limits, and errors told apart.

    Not every endpoint takes every parameter, and one that does not answers 400. So there are several ways to ask, from
    the best to the plainest; the one that went through is taken from then on.
    """

    exact: Mapping[str, Any] = MappingProxyType({})  # options that make the model repeat itself
    loose: Mapping[str, Any] = MappingProxyType({})  # options that leave that to the model
    streaming: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, spec: ModelSpec, model: Any, close: Callable[[], Awaitable[None]]) -> None:
        self._spec = spec
        self._model = model
        self._close = close
        self._way = 0

    async def chat(self, messages: Sequence[Message], shape: Shape | None) -> Completion:
        """The whole answer; where the endpoint can be told no shape, the prompt states it."""
        ways: list[tuple[Sequence[Message], Mapping[str, Any]]] = [(messages, self.exact)] * 2
        if shape is not None:
            told = stating(messages, shape)
            ways = [(messages, {**self.exact, **self._shaped(shape)}), (told, self.exact)]
        ways.append((ways[-1][0], self.loose))
        try:
            async with asyncio.timeout(self._spec.timeout_s):
                return await self._ask_somehow(ways)
        except Exception as error:  # Whatever a library or a server thought of, it is a failed request.
            raise failure_from(error) from error

    async def stream(self, messages: Sequence[Message], heard: Callable[[str], None]) -> Completion:
        """The whole answer, told in parts. A stream that stops before its end has failed."""
        said: list[str] = []
        finish: str | None = None
        usage: tuple[int, int] | None = None
        try:
            async with (
                asyncio.timeout(self._spec.timeout_s),
                asyncio.timeout(min(self._spec.first_token_s, self._spec.timeout_s)) as first,
            ):
                options = {**(self.loose if self._way == 2 else self.exact), **self.streaming}
                responses = await self._model.astream_chat(_chat_messages(messages), **options)
                async with aclosing(responses):
                    async for response in responses:
                        finish = self._finish(response) or finish
                        usage = self._usage(response) or usage
                        if response.delta:
                            first.reschedule(None)
                            said.append(response.delta)
                            heard(response.delta)
        except Exception as error:
            failure = failure_from(error)
            failure.text = "".join(said)
            raise failure from error
        if finish is None:
            raise ModelFailure("cut_off", "the model's answer broke off", text="".join(said))
        return _completion("".join(said), usage, finish, messages)

    async def close(self) -> None:
        """Closes the connections."""
        await self._close()

    async def _ask_somehow(self, ways: Sequence[tuple[Sequence[Message], Mapping[str, Any]]]) -> Completion:
        for way, (messages, options) in enumerate(ways[:-1]):
            if way >= self._way and (way == 0 or ways[way] != ways[way - 1]):
                try:
                    completion = await self._ask(messages, options)
                except Exception as error:
                    if getattr(error, "status_code", None) not in _REFUSALS:
                        raise
                else:
                    self._way = way
                    return completion
        completion = await self._ask(*ways[-1])
        self._way = len(ways) - 1
        return completion

    async def _ask(self, messages: Sequence[Message], options: Mapping[str, Any]) -> Completion:
        response = await self._model.achat(_chat_messages(messages), **options)
        called = [one.tool_kwargs for one in response.message.blocks if hasattr(one, "tool_kwargs")]
        text = json.dumps(called[0], ensure_ascii=False) if called else response.message.content or ""
        return _completion(text, self._usage(response), self._finish(response), messages)

    @abstractmethod
    def _shaped(self, shape: Shape) -> Mapping[str, Any]:
        """How this kind of endpoint is told a shape."""

    @abstractmethod
    def _finish(self, response: Any) -> str | None:
        """Why the model stopped; None while it has not."""

    @abstractmethod
    def _usage(self, response: Any) -> tuple[int, int] | None:
        """Tokens in and out by the provider's count; None where it gives none."""


class _OpenAi(_LlamaIndexProvider):
    streaming = MappingProxyType({"stream_options": {"include_usage": True}})

    def __init__(self, spec: ModelSpec) -> None:
        import httpx
        import openai
        from llama_index.llms.openai_like import OpenAILike

        secret = {"authorization": f"Bearer {spec.api_key}"} if spec.api_key else {}
        limits = httpx.Timeout(spec.timeout_s, connect=spec.connect_s)
        arguments = guarded_arguments(httpx, local=spec.locality == "local", secret=secret)
        client = openai.AsyncOpenAI(
            api_key=spec.api_key or _NO_KEY,
            base_url=spec.url,
            max_retries=0,
            timeout=limits,
            http_client=httpx.AsyncClient(timeout=limits, **arguments),
        )
        make: Any = OpenAILike  # Its parameters are those of a base class, which type checkers do not see.
        model = make(
            model=spec.model,
            api_base=spec.url,
            api_key=spec.api_key or _NO_KEY,
            is_chat_model=True,
            temperature=0.0,
            max_tokens=spec.max_output_tokens,
            max_retries=0,
            timeout=spec.timeout_s,
            async_openai_client=client,
        )
        _ = client.chat.completions  # The library loads this part when it is first used, which takes a while.
        super().__init__(spec, model, client.close)
        self.loose = {"temperature": openai.omit}

    def _shaped(self, shape: Shape) -> Mapping[str, Any]:
        schema = {"name": shape.name, "schema": strict_schema(shape.schema), "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}

    def _finish(self, response: Any) -> str | None:
        choices = response.raw.choices
        return choices[0].finish_reason if choices else None

    def _usage(self, response: Any) -> tuple[int, int] | None:
        usage = response.raw.usage
        return _counts(usage and usage.prompt_tokens, usage and usage.completion_tokens)


class _Anthropic(_LlamaIndexProvider):
    def __init__(self, spec: ModelSpec) -> None:
        import anthropic
        import httpx2
        from llama_index.core.base.llms.types import LLMMetadata
        from llama_index.llms.anthropic import Anthropic, utils

        # The library makes messages by calling this type, and anthropic 2 has no class of that name any more.
        vars(utils)["MessageParam"] = dict

        class AnyAnthropic(Anthropic):
            """Takes models, too, that are newer than the library's list of them, and an SDK newer than itself."""

            @property
            def metadata(self) -> LLMMetadata:
                return LLMMetadata(num_output=self.max_tokens, is_chat_model=True, model_name=self.model)

            @property
            def _model_kwargs(self) -> dict[str, Any]:
                found = super()._model_kwargs
                found.pop("temperature", None)  # Anthropic 2 has no parameter of that name.
                return found

        limits = httpx2.Timeout(spec.timeout_s, connect=spec.connect_s)
        secret = {"x-api-key": spec.api_key} if spec.api_key else {}
        arguments = guarded_arguments(httpx2, local=spec.locality == "local", secret=secret)
        client = anthropic.AsyncAnthropic(
            api_key=spec.api_key or _NO_KEY,
            base_url=spec.url,
            max_retries=0,
            timeout=limits,
            http_client=httpx2.AsyncClient(timeout=limits, **arguments),
        )
        make: Any = AnyAnthropic
        model = make(
            model=spec.model,
            api_key=spec.api_key or _NO_KEY,
            base_url=spec.url,
            temperature=0.0,
            max_tokens=spec.max_output_tokens,
            max_retries=0,
            timeout=spec.timeout_s,
        )
        # The class takes no client of ours, and its own would send what the environment says.
        model._aclient = client
        _ = client.messages
        super().__init__(spec, model, client.close)
        if not any(name in spec.model for name in utils.ANTHROPIC_NO_TEMP_MODELS):
            self.exact = {"extra_body": {"temperature": 0.0}}

    def _shaped(self, shape: Shape) -> Mapping[str, Any]:
        tool = {"name": shape.name, "description": "Give the reply.", "input_schema": dict(shape.schema)}
        return {"tools": [tool], "tool_choice": {"type": "tool", "name": shape.name}}

    def _finish(self, response: Any) -> str | None:
        found = response.message.additional_kwargs.get("stop_reason") or response.raw.get("stop_reason")
        return str(found) if found else None

    def _usage(self, response: Any) -> tuple[int, int] | None:
        streamed = response.message.additional_kwargs.get("usage")
        if streamed:
            return _counts(streamed.get("input_tokens"), streamed.get("output_tokens"))
        usage = response.raw.get("usage")
        return _counts(getattr(usage, "input_tokens", None), getattr(usage, "output_tokens", None))


class _Ollama(_LlamaIndexProvider):
    def __init__(self, spec: ModelSpec) -> None:
        import httpx
        import ollama
        from llama_index.llms.ollama import Ollama

        secret = {"authorization": f"Bearer {spec.api_key}"} if spec.api_key else {}
        arguments = guarded_arguments(httpx, local=spec.locality == "local", secret=secret)
        limits = httpx.Timeout(spec.timeout_s, connect=spec.connect_s)
        client = ollama.AsyncClient(host=spec.url, timeout=limits, **arguments)
        model = Ollama(
            model=spec.model,
            base_url=spec.url,
            temperature=0.0,
            context_window=spec.context or -1,
            request_timeout=spec.timeout_s,
            additional_kwargs={"num_predict": spec.max_output_tokens},
            async_client=client,
        )
        super().__init__(spec, model, client.close)

    def _shaped(self, shape: Shape) -> Mapping[str, Any]:
        return {"format": dict(shape.schema)}

    def _finish(self, response: Any) -> str | None:
        return (response.raw.get("done_reason") or "stop") if response.raw.get("done") else None

    def _usage(self, response: Any) -> tuple[int, int] | None:
        return _counts(response.raw.get("prompt_eval_count"), response.raw.get("eval_count"))


def _chat_messages(messages: Sequence[Message]) -> list[Any]:
    from llama_index.core.base.llms.types import ChatMessage, MessageRole

    return [ChatMessage(role=MessageRole(one["role"]), content=one["content"]) for one in messages]


def _counts(given: Any, made: Any) -> tuple[int, int] | None:
    """Figures that a server says, if they can be any."""
    if isinstance(given, int) and isinstance(made, int) and given >= 0 and made >= 0 and given + made > 0:
        return given, made
    return None


def _completion(
    text: str, usage: tuple[int, int] | None, finish: str | None, messages: Sequence[Message]
) -> Completion:
    given, made = usage or (prompt_tokens(messages), estimated_tokens(text))
    cut = finish in ("length", "max_tokens")
    return Completion(text=text, tokens_in=given, tokens_out=made, counted=usage is not None, cut=cut)
