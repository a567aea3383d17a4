"""Which parameters of a task the engine fills: those annotated `Interval`, `Context`, `Logger` or a `Params` class."""

from __future__ import annotations

import inspect
import re
import sys
import types
import typing
from collections import OrderedDict
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

from segue.define.params import Params, params_from
from segue.model.context import Context
from segue.model.errors import UsageError
from segue.model.interval import Interval

__all__ = ["Function", "Injection", "injected"]

if sys.version_info >= (3, 14):
    from annotationlib import Format

    _FORM: dict[str, Any] = {"annotation_format": Format.FORWARDREF}
else:
    _FORM: dict[str, Any] = {}


class _Injected:
    __slots__ = ()

    def __repr__(self) -> str:
        return "injected"


injected: Final[Any] = _Injected()
"""The default of a parameter that the engine fills: `def extract(interval: Interval = injected)`."""

_Kind = Literal["interval", "context", "params", "log"]
_KINDS: Final[dict[tuple[str, str], _Kind]] = {
    (Interval.__module__, "Interval"): "interval",
    (Context.__module__, "Context"): "context",
    ("logging", "Logger"): "log",
}
_WORDS: Final[dict[str, _Kind]] = {"Interval": "interval", "Context": "context", "Logger": "log"}
_WRITTEN: Final = re.compile(r"(?:(?:\w+\.)*Optional\[)?\s*(?:\w+\.)*(Interval|Context|Logger)\s*\]?(?:\s*\|\s*None)?")


@dataclass(frozen=True, slots=True)
class Injection:
    """What a parameter is filled with; `optional` where its annotation allows None, `kind` a `Params` class."""

    what: _Kind
    optional: bool = False
    kind: type[Params] | None = None

    def value(self, context: Context) -> object:
        """The value in an attempt; raises `Fail` where the run has no interval and one is asked for."""
        match self.what:
            case "interval":
                return getattr(context, "slot", None) if self.optional else context.interval
            case "context":
                return context
            case "log":
                return context.log
            case "params":
                assert self.kind is not None
                return params_from(self.kind, context.params)


class Function:
    """A user's function: name, signature, what is injected. Read on first use: names further down exist by then."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn = fn
        self.name = str(getattr(fn, "__name__", ""))

    @cached_property
    def signature(self) -> inspect.Signature:
        try:
            return inspect.signature(self.fn, **_FORM)
        except (TypeError, ValueError):  # written in C and silent about it
            return inspect.signature(lambda *args, **kwargs: None)

    @cached_property
    def injections(self) -> Mapping[str, Injection]:
        found = {}
        for name, parameter in self.signature.parameters.items():
            injection = _injection(self.annotation(parameter.annotation))
            if injection:
                found[name] = injection
        return found

    def bound(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, object]:
        """Arguments by parameter name; raises `TypeError` where one does not fit."""
        if not kwargs and len(args) <= len(self._plain):
            return dict(zip(self._plain, args, strict=False))
        return dict(self.signature.bind_partial(*args, **kwargs).arguments)

    def missing(self, given: Container[str]) -> list[str]:
        """Parameters that nobody fills: not given, not injected, without default."""
        return [name for name in self._needed if name not in given]

    @cached_property
    def _needed(self) -> tuple[str, ...]:
        variadic = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
        return tuple(
            name
            for name, one in self.signature.parameters.items()
            if name not in self.injections and one.default is inspect.Parameter.empty and one.kind not in variadic
        )

    def spread(self, bound: Mapping[str, object]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments by parameter name as a call takes them."""
        if len(bound) == len(self._plain):
            return tuple(bound[name] for name in self._plain), {}
        ordered = OrderedDict((name, bound[name]) for name in self.signature.parameters if name in bound)
        call = inspect.BoundArguments(self.signature, ordered)
        return call.args, call.kwargs

    @cached_property
    def _plain(self) -> tuple[str, ...]:
        """The names of the parameters where a call may give all of them by place, as nearly all functions let it."""
        parameters = self.signature.parameters
        plain = all(one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for one in parameters.values())
        return tuple(parameters) if plain else ()

    @property
    def returns(self) -> Any:
        """The return annotation, resolved if it can be; `inspect.Signature.empty` without one."""
        return self.annotation(self.signature.return_annotation)

    def annotation(self, written: Any) -> Any:
        """Resolve an annotation that was written as text; it stays text where a name in it does not exist."""
        text = getattr(written, "__forward_arg__", written)
        if not isinstance(text, str):
            return written

        def holder() -> None: ...

        holder.__annotations__ = {"it": text}
        try:
            return typing.get_type_hints(holder, getattr(self.fn, "__globals__", {}))["it"]
        except (NameError, AttributeError, TypeError, SyntaxError):
            return text

    def filled(self, bound: Mapping[str, object], context: Context | None) -> dict[str, object]:
        """The arguments of a call with what is injected added.

        Raises:
            UsageError: there is no context to take a value from.
            Fail: the run has no interval.
        """
        missing = {name: one for name, one in self.injections.items() if bound.get(name, injected) is injected}
        if context is not None:
            return {**bound, **{name: one.value(context) for name, one in missing.items()}}
        parameters = self.signature.parameters
        asked = [name for name in missing if parameters[name].default in (injected, inspect.Parameter.empty)]
        if asked:
            names = ", ".join(f"{name}={_example(missing[name])}" for name in asked)
            raise UsageError(
                f"{self.name}() is called outside a run: pass {names}, or call it "
                'inside `with segue.testing.context("2026-04-01"):`'
            )
        return dict(bound)


def _injection(annotation: Any) -> Injection | None:
    if isinstance(annotation, str):
        match = _WRITTEN.fullmatch(annotation)
        return Injection(_WORDS[match[1]], "None" in annotation or "Optional" in annotation) if match else None
    while typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    choices = typing.get_args(annotation) if typing.get_origin(annotation) in _UNIONS else (annotation,)
    wanted = [choice for choice in choices if choice is not types.NoneType]
    if len(wanted) != 1:
        return None
    optional = len(choices) > len(wanted)
    if isinstance(wanted[0], type) and issubclass(wanted[0], Params):
        return Injection("params", optional, wanted[0])
    kind = _KINDS.get((wanted[0].__module__, wanted[0].__qualname__)) if isinstance(wanted[0], type) else None
    return Injection(kind, optional) if kind else None


_UNIONS: Final = (typing.Union, types.UnionType)


def _example(injection: Injection) -> str:
    match injection.what:
        case "interval":
            return 'Interval("2026-04-01")'
        case "params":
            assert injection.kind is not None
            return f"{injection.kind.__name__}(…)"
        case "log":
            return 'logging.getLogger("test")'
        case "context":
            return 'segue.testing.context("2026-04-01")'
