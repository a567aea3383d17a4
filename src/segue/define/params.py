"""Typed params of a DAG, and the references that stand for them while a DAG function is traced.

A reference may be passed on and formatted into text. In text it leaves a marker,
`\\x02name!conversion:format\\x03`, which the attempt replaces by the run's value. Everything that
would need the value now is an error (SEMANTICS, "Arguments of a DAG function").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast, dataclass_transform
from weakref import WeakKeyDictionary

import msgspec

from segue.define.faults import fault, here
from segue.define.wanted import REQUIRED, Wanted
from segue.model.errors import DefinitionError
from segue.model.param_schema import problem

__all__ = [
    "ParamRef", "Params", "field_names", "fill", "has_markers", "params_class_of", "params_from",
    "references", "required_names", "show_markers", "wanted_of",
]  # fmt: skip

_MARKER: Final = re.compile("\x02([A-Za-z_]\\w*)!([rsa]?):([^\x03]*)\x03")
_CONVERT: Final[dict[str, Callable[[object], object]]] = {"r": repr, "s": str, "a": ascii, "": lambda value: value}

_wanted: Final[WeakKeyDictionary[type, dict[str, Wanted]]] = WeakKeyDictionary()

if TYPE_CHECKING:

    @dataclass_transform(kw_only_default=True, frozen_default=True)
    class Params:
        """Subclass it: typed, validated, shown as a form."""

else:

    class _ParamsMeta(type(msgspec.Struct)):
        def __new__(cls, name, bases, namespace, **options):
            wanted = {key: value for key, value in namespace.items() if isinstance(value, Wanted)}
            for key, value in wanted.items():
                del namespace[key]
                if value.default is not REQUIRED:
                    namespace[key] = msgspec.field(default_factory=partial(deepcopy, value.default))
            made = super().__new__(cls, name, bases, namespace, frozen=True, kw_only=True, **options)
            _wanted[made] = wanted
            return made

    class Params(msgspec.Struct, metaclass=_ParamsMeta):
        """Subclass it: typed, validated, shown as a form."""


class ParamRef:
    """Stands for a param of a run that does not exist yet."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __format__(self, spec: str) -> str:
        return f"\x02{self.name}!:{spec}\x03"

    def __str__(self) -> str:
        return f"\x02{self.name}!s:\x03"

    def __repr__(self) -> str:
        return f"\x02{self.name}!r:\x03"

    def _refuse(self, *_: object) -> NoReturn:
        at = here()
        raise DefinitionError(
            f"param {self.name!r} is known only when a run starts: pass it to a task or format it into text. "
            "To decide by it, take it from the environment (leave it out of params=), use a @task.branch or a flow",
            file=at.file,
            line=at.line,
        )

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # asked by copy, numpy and others to find out what this is
            raise AttributeError(name)
        self._refuse()

    __hash__ = _refuse  # `config[env]` would look for it
    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __getitem__ = __iter__ = __len__ = __contains__ = __call__ = __int__ = __float__ = __index__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __mod__ = _refuse
    __fspath__ = __neg__ = __floordiv__ = __rmod__ = __rfloordiv__ = _refuse


class _Namespace:
    """An object with a reference for each param: what a parameter annotated with the class gets in a trace."""

    __slots__ = ("_names",)

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def __getattr__(self, name: str) -> ParamRef:
        if name not in self._names:
            raise AttributeError(f"no param {name!r}: there are {', '.join(self._names)}")
        return ParamRef(name)


def references(kind: type[Params]) -> Any:
    """An object that looks like an instance of `kind` and holds references."""
    return _Namespace(field_names(kind))


def field_names(kind: type[Params]) -> tuple[str, ...]:
    return tuple(getattr(kind, "__struct_fields__", ()))


def wanted_of(kind: type[Params]) -> dict[str, Wanted]:
    """What `Param(...)` says about the params of a class, by name."""
    return {name: one for base in reversed(kind.__mro__) for name, one in _wanted.get(base, {}).items()}


def params_class_of(dag_id: str, given: Mapping[str, Any]) -> type[Params]:
    """The class that a dict of params means: names with `Param(...)` or a default."""
    fields: dict[str, Any] = {}
    kinds: dict[str, Any] = {}
    for name, value in given.items():
        if not (isinstance(name, str) and name.isidentifier()):
            fault(f"params of DAG {dag_id}: {name!r} cannot be the name of a param", dag=dag_id)
            continue
        fields[name] = one = value if isinstance(value, Wanted) else Wanted(value)
        kinds[name] = one.annotation
    namespace = {"__annotations__": kinds, "__module__": __name__, **fields}
    metaclass: Any = type(Params)
    return cast("type[Params]", metaclass("params", (Params,), namespace))


def params_from(kind: type[Params], values: Mapping[str, object]) -> Params:
    """The run's params as an instance of the class; raises `msgspec.ValidationError` where a value does not fit."""
    made = msgspec.convert(dict(values), kind)
    for name, one in wanted_of(kind).items():
        value = getattr(made, name)
        if value is not None:
            if why := problem(one.bounds, msgspec.to_builtins(value)):
                shown = "…" if one.secret else repr(value)
                raise msgspec.ValidationError(f"param {name!r} is {shown}: {why} is wanted")
        elif name not in values and name in required_names(kind):
            raise msgspec.ValidationError(f"param {name!r} is missing")
    return made


def required_names(kind: type[Params]) -> set[str]:
    """The params that a trigger must give: without default, or with the default None where None does not fit."""
    wanted = wanted_of(kind)
    fields = msgspec.structs.fields(cast("type[msgspec.Struct]", kind))
    return {
        one.name
        for one in fields
        if one.required or (one.name in wanted and wanted[one.name].default is None and not _takes_none(one.type))
    }


def _takes_none(annotation: Any) -> bool:
    try:
        msgspec.convert(None, annotation)
    except (msgspec.ValidationError, TypeError):
        return False
    return True


def has_markers(text: str) -> bool:
    """Say whether a reference was formatted into the text."""
    return "\x02" in text and _MARKER.search(text) is not None


def fill(text: str, values: Mapping[str, object]) -> str:
    """Put the run's values where references were formatted into the text."""

    def value(marker: re.Match[str]) -> str:
        return format(_CONVERT[marker[2]](values[marker[1]]), marker[3])

    return _MARKER.sub(value, text) if "\x02" in text else text


def show_markers(text: str) -> str:
    """The text with `{name}` where a reference was formatted into it, for people and for digests."""

    def shown(marker: re.Match[str]) -> str:
        conversion = f"!{marker[2]}" if marker[2] in ("r", "a") else ""
        spec = f":{marker[3]}" if marker[3] else ""
        return f"{{{marker[1]}{conversion}{spec}}}"

    return _MARKER.sub(shown, text)
