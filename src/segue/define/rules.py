"""The options of a task as `Rules`: checked, and in units the engine knows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, get_args

from segue.define.options import Guard, Retry, Role
from segue.model.duration import microseconds
from segue.model.ids import ID_RULE, is_id
from segue.model.size import bytes_of
from segue.model.spec import RetrySpec, Rules, TriggerRule

__all__ = [
    "channels", "flag", "length", "name_of", "names", "number", "one_of", "retry_of", "rules_of", "text", "texts",
    "whole",
]  # fmt: skip

Report = Callable[[str], None]

_CHANNELS: Final = frozenset({"mailto", "slack", "webhook"})


def rules_of(options: Mapping[str, Any], report: Report) -> Rules:
    """Read the options of a task; what cannot be read is reported and left at its default."""
    values: dict[str, Any] = {}
    for name, value in options.items():
        if value is not None and name in _READERS:
            try:
                values[name] = _READERS[name](value)
            except (TypeError, ValueError) as why:
                report(f"{name}={value!r}: {why}")
    return Rules(**values)


def retry_of(value: Retry | int | None) -> Retry:
    """The policy that `retry=` means; none: no retry."""
    if isinstance(value, Retry):
        return value
    return Retry(times=value or 0)


def whole(least: int) -> Callable[[object], int]:
    """A reader of whole numbers that are not below `least`."""

    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(f"it must be a whole number, {least} or more")
        return value

    return read


def texts(value: object) -> tuple[str, ...]:
    """Read a list of texts."""
    if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(one, str) for one in value):
        raise ValueError("it must be a list of texts")
    return tuple(value)


def names(value: object) -> tuple[str, ...]:
    """Read a list of names, each once."""
    found = tuple(dict.fromkeys(texts(value)))
    for name in found:
        if not is_id(name):
            raise ValueError(f"{name!r} is no name: write {ID_RULE}")
    return found


def channels(value: object) -> tuple[str, ...]:
    """Read a list of channels that alerts go to, each once."""
    found = tuple(dict.fromkeys(texts(value)))
    for one in found:
        kind, colon, rest = one.partition(":")
        if not (kind in _CHANNELS and rest.strip() if colon else is_id(one)):
            forms = "'slack:…', 'webhook:…', 'mailto:…' or a name of the settings"
            raise ValueError(f"{one!r} is no channel: write {forms}")
    return found


def _resources(value: object) -> tuple[tuple[str, int], ...]:
    if not isinstance(value, Mapping):
        raise ValueError("it must say how much of what: {'memory': '2GB', 'gpu': 1}")
    return tuple((name, _amount(name, value[name])) for name in sorted(names(list(value))))


def _amount(name: str, value: object) -> int:
    try:
        return bytes_of(value) if name == "memory" else whole(1)(value)  # type: ignore[arg-type]
    except ValueError as why:
        raise ValueError(f"{name}: {why}") from None


def _retry(value: object) -> RetrySpec:
    if not isinstance(value, Retry):
        value = Retry(times=whole(0)(value))
    for name, least in (("times", 0), ("lost", 0)):
        whole(least)(getattr(value, name))
    for name in ("backoff", "jitter"):
        number = getattr(value, name)
        if not isinstance(number, int | float) or not math.isfinite(number) or number < 0:
            raise ValueError(f"{name} must be a finite number, 0 or more")
    if value.jitter > 1:
        raise ValueError("jitter is a fraction of the delay, 0 to 1")
    return RetrySpec(
        times=value.times,
        delay=microseconds(value.delay),
        backoff=float(value.backoff),
        max_delay=microseconds(value.max_delay),
        jitter=float(value.jitter),
        on=() if value.on == (Exception,) else _names("on", value.on),
        not_on=_names("not_on", value.not_on),
        lost=value.lost,
    )


def _names(what: str, kinds: object) -> tuple[str, ...]:
    if not isinstance(kinds, tuple) or not all(isinstance(k, type) and issubclass(k, Exception) for k in kinds):
        raise ValueError(f"{what} must be a tuple of exception classes, {what}=(ConnectionError,)")
    return tuple(map(name_of, kinds))


def name_of(kind: type) -> str:
    """What a spec calls a class."""
    # Classes of the DAG file itself live in a module whose name is ours.
    own = ("builtins", "_dagfile_")
    return kind.__qualname__ if kind.__module__.startswith(own) else f"{kind.__module__}.{kind.__qualname__}"


def text(value: object) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError("it must be a text")
    return value


def flag(value: object) -> bool:
    """Read True or False."""
    if not isinstance(value, bool):
        raise ValueError("it must be True or False")
    return value


def number(value: object) -> int:
    """Read a whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("it must be a whole number")
    return value


def length(value: Any) -> int:
    """Read a duration above 0, as microseconds."""
    found = microseconds(value)
    if not found:
        raise ValueError("it must be longer than 0")
    return found


def one_of(*words: str) -> Callable[[object], str]:
    """A reader of one of these words."""

    def read(value: object) -> str:
        if value not in words:
            raise ValueError(f"it must be one of {', '.join(words)}")
        return str(value)

    return read


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "retry": _retry,
    "timeout": length,
    "grace": microseconds,
    "pool": text,
    "slots": whole(1),
    "priority": number,
    "max_active": whole(1),
    "trigger_rule": one_of(*get_args(TriggerRule)),
    "idempotent": flag,
    "allow_failure": flag,
    "isolation": one_of("shared", "fresh"),
    "empty": one_of(*get_args(Guard)),
    "owner": text,
    "role": one_of(*get_args(Role)),
    "tags": texts,
    "connections": names,
    "secrets": names,
    "resources": _resources,
    "depends_on_past": flag,
    "deadline": length,
}
