"""The tree of a stored value: what each type becomes in MessagePack, and back (the theory is in `value`)."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, NoReturn

import msgspec

from segue.model.errors import UnreadableValue, UnstorableValue
from segue.model.value_classes import class_path, fields_of, hints_of, is_model, restore
from segue.model.value_leaves import BUILDERS, DAMAGE, LEAVES, Tag, Unspeakable

__all__ = ["Decoder", "Encoder", "Ref", "pack"]

DEPTH = 100  # containers inside containers; keeps both directions far from the interpreter's recursion limit


class Ref(msgspec.Struct, frozen=True, gc=False):
    """Where a value lies in a storage.

    Args:
        path: where in the storage, relative to its root (a storage may move).
        format: name of the codec that reads it.
        length: number of rows or items, None where there is no such number.
        digest: blake2b of the stored bytes.
        size: their number.
    """

    path: str
    format: str
    length: int | None
    digest: bytes
    size: int


def pack(tree: object) -> bytes:
    return msgspec.msgpack.encode(tree)


_ARRAY, _MAP = (0x90, 0xDC, 0xDD), (0x80, 0xDE, 0xDF)


def _head(count: int, codes: tuple[int, int, int]) -> bytes:
    """How MessagePack begins an array or a map."""
    short, middle, long = codes
    if count < 16:
        return bytes([short | count])
    if count < 1 << 16:
        return bytes([middle]) + count.to_bytes(2, "big")
    return bytes([long]) + count.to_bytes(4, "big")


def _tag(code: int, data: memoryview) -> Tag:
    if len(data):
        raise ValueError("an extension that is no tag")
    return Tag(code)


_UNPACKER = msgspec.msgpack.Decoder(ext_hook=_tag)
_TAGS = {tag: msgspec.msgpack.Ext(int(tag), b"") for tag in Tag}
_PART = 64  # items of a list that are packed at once
_FEW = 1000  # of so many items each may be long itself
_LEVELS = 4  # containers in containers that are taken apart; what lies deeper is packed as one
_PLAIN = frozenset((type(None), bool, float, bytes))
_FLAT = _PLAIN | {int, str}


class _Field(str):
    """A step into an attribute, where other steps are keys."""


class Encoder:
    """Turns a value into plain MessagePack types and nodes; keeps the path for the message of a refusal."""

    def __init__(self, spill: Callable[[object, str], Ref | None] | None) -> None:
        self._spill = spill
        self._trail: list[object] = []
        self._open: set[int] = set()

    def walk(self, value: object) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is int:
            return self._int(value)  # type: ignore[arg-type]
        if kind is str:
            return self._text(value)  # type: ignore[arg-type]
        leaf = LEAVES.get(kind)
        if leaf is not None:
            try:
                return [_TAGS[leaf[0]], *map(self.walk, leaf[1](value))]
            except Unspeakable as error:
                self._refuse(value, str(error))
        container = _CONTAINERS.get(kind)
        return self._foreign(value) if container is None else self._inside(value, container)

    def pieces(self, value: Any, level: int = 0) -> Iterator[bytes]:
        """Make what `pack(walk(value))` makes, piece by piece, so that a long value is not held a second time."""
        kind = type(value)
        named = kind is dict and all(type(key) is str for key in value)
        if level == _LEVELS or not (named or kind is list or kind is tuple) or id(value) in self._open:
            yield pack(self.walk(value))
            return
        self._open.add(id(value))
        if named:
            yield _head(len(value), _MAP)
            for key, item in value.items():
                yield pack(self._text(key))
                yield from self._piece(key, item, level, len(value))
        else:
            extra = kind is tuple
            yield _head(len(value) + extra, _ARRAY)
            if extra:
                yield pack(_TAGS[Tag.TUPLE])
            for start in range(0, len(value), _PART):
                yield from self._part(value[start : start + _PART], start, level, len(value))
        self._open.discard(id(value))

    def _part(self, items: Any, start: int, level: int, total: int) -> Iterator[bytes]:
        if _FLAT.issuperset(map(type, items)):
            try:
                yield pack(list(items))[len(_head(len(items), _ARRAY)) :]
                return
            except (OverflowError, UnicodeEncodeError):
                pass  # as in a whole list: one of them is a node, or is refused
        for k, item in enumerate(items, start):
            yield from self._piece(k, item, level, total)

    def _piece(self, key: object, item: object, level: int, total: int) -> Iterator[bytes]:
        self._trail.append(key)
        if total <= _FEW:
            yield from self.pieces(item, level + 1)
        else:
            yield pack(self.walk(item))
        self._trail.pop()

    def items(self, value: Iterable[Any]) -> Iterator[bytes]:
        """The items of a container, each packed alone, in its order; sets in the order of their bytes."""
        if isinstance(value, dict):
            for key, item in value.items():
                yield pack([_TAGS[Tag.TUPLE], self._step(key, key), self._step(key, item)])
        elif isinstance(value, set | frozenset):
            yield from self._members(value)
        else:
            yield from (pack(self._step(k, item)) for k, item in enumerate(value))

    def _inside(self, value: object, container: Callable[[Encoder, Any], object]) -> object:
        if id(value) in self._open:
            self._refuse(value, "it contains itself")
        if len(self._open) >= DEPTH:
            self._refuse(value, f"containers are nested more than {DEPTH} deep")
        self._open.add(id(value))
        tree = container(self, value)
        self._open.discard(id(value))
        return tree

    def _step(self, key: object, value: object) -> Any:
        self._trail.append(key)
        tree = self.walk(value)
        self._trail.pop()
        return tree

    def _list(self, value: list[Any]) -> object:
        if _FLAT.issuperset(map(type, value)):  # a long flat list is packed without a call for each item
            try:
                return msgspec.Raw(pack(value))
            except (OverflowError, UnicodeEncodeError):
                pass  # some number is a node, or some text is refused: go through it one by one
        return [self._step(k, item) for k, item in enumerate(value)]

    def _tuple(self, value: tuple[Any, ...]) -> object:
        return [_TAGS[Tag.TUPLE], *(self._step(k, item) for k, item in enumerate(value))]

    def _set(self, value: set[Any] | frozenset[Any]) -> object:
        tag = Tag.SET if type(value) is set else Tag.FROZENSET
        return [_TAGS[tag], *map(msgspec.Raw, self._members(value))]

    def _members(self, value: set[Any] | frozenset[Any]) -> list[bytes]:
        return sorted(pack(self._step(item, item)) for item in value)  # equal sets, equal bytes, whatever the hash seed

    def _dict(self, value: dict[Any, Any]) -> object:
        if all(type(key) is str for key in value):
            return {self._text(key): self._step(key, item) for key, item in value.items()}
        tree: list[Any] = [_TAGS[Tag.MAP]]
        for key, item in value.items():
            tree += self._step(key, key), self._step(key, item)
        return tree

    def _model(self, value: object) -> object:
        fields, rest = fields_of(value)
        tree = {name: self._step(_Field(name), item) for name, item in fields.items()}
        return [_TAGS[Tag.MODEL], class_path(type(value)), tree, None if rest is None else self.walk(rest)]

    def _int(self, value: int) -> object:
        if -(2**63) <= value < 2**64:
            return value
        return [_TAGS[Tag.INT], value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)]

    def _text(self, value: str) -> str:
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                self._refuse(value, "it holds a lone surrogate, which is no character: decode the bytes it came from")
        return value

    def _foreign(self, value: object) -> object:
        if isinstance(value, enum.Enum):
            return self._enum(value)
        if _is_numpy_scalar(type(value)):
            return self._numpy(value)
        try:
            if is_model(type(value)):
                return self._inside(value, Encoder._model)
        except AttributeError as error:
            self._refuse(value, f"a field of it was never set ({error})")
        ref = self._spill(value, self._path()) if self._spill else None
        if ref is None:
            self._refuse(value, _advice(value))
        return [_TAGS[Tag.REF], ref.path, ref.format, ref.length, ref.digest, ref.size]

    def _enum(self, value: enum.Enum) -> object:
        kind = type(value)
        if kind.__members__.get(value._name_) is value:
            return [_TAGS[Tag.ENUM], class_path(kind), value._name_, None]
        return [_TAGS[Tag.ENUM], class_path(kind), None, self.walk(value._value_)]  # a union of flags has no name

    def _numpy(self, value: Any) -> object:
        unit: str | None = None
        if value.dtype.kind in "mM":
            unit = value.dtype.str[3:].strip("[]")
            item = value.astype("int64").item()
        else:
            item = value.item()
        if type(item) not in (bool, int, float, complex, str, bytes):
            self._refuse(value, "return a plain Python value")
        return [_TAGS[Tag.NUMPY], type(value).__name__, self.walk(item), unit]

    def _path(self) -> str:
        return "result" + "".join(f".{k}" if isinstance(k, _Field) else f"[{_short(k)}]" for k in self._trail)

    def _refuse(self, value: object, why: str) -> NoReturn:
        kind = type(value)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        raise UnstorableValue(f"{self._path()} cannot be stored, it is of type {name}: {why}")


class Decoder:
    """Turns packed trees back into values."""

    def __init__(self, fetch: Callable[[Ref], object] | None, classes: Callable[[str], type | None] | None) -> None:
        self._fetch = fetch
        self._classes = classes or (lambda path: None)

    def read(self, data: bytes | memoryview, hint: object) -> Any:
        try:
            raw = _UNPACKER.decode(data)
        except (ValueError, RecursionError, OverflowError) as error:
            raise UnreadableValue(f"stored value is damaged: {error}") from error
        try:
            return self.walk(raw, hint)
        except RecursionError as error:
            raise UnreadableValue(f"stored value is damaged: it is nested more than {DEPTH} deep") from error

    def walk(self, raw: Any, hint: object) -> Any:
        kind = type(raw)
        if kind is list:
            if raw and type(raw[0]) is Tag:
                return self._node(raw, hint)
            if _FLAT.issuperset(map(type, raw)):
                return raw
            inner = self.item_hint(hint, list)
            return [self.walk(item, inner) for item in raw]
        if kind is dict:
            if not all(type(key) is str for key in raw):
                raise UnreadableValue("stored value is damaged: a key that is no text")
            inner = self.item_hint(hint, dict)
            return {key: self.walk(item, inner) for key, item in raw.items()}
        if kind in _FLAT:
            return raw
        raise UnreadableValue(f"stored value is damaged: a stray {kind.__name__}")

    def item_hint(self, hint: object, kind: type) -> object:
        """What the annotation `hint` of a container says about its items (of a dict: its values)."""
        for choice in _choices(hint):
            origin, inner = typing.get_origin(choice), typing.get_args(choice)
            if isinstance(origin, type) and issubclass(origin, Mapping) == issubclass(kind, dict):
                return inner[-1] if issubclass(kind, dict) else inner[0] if inner[1:] in ((), (...,)) else None
        return None

    def _node(self, raw: list[Any], hint: object) -> Any:
        match raw:
            case [Tag.REF, str(path), str(form), int() | None as length, bytes(digest), int(size)]:
                if self._fetch is None:
                    raise UnreadableValue(f"a part of this value lies in {path}, and no storage was given to read it")
                return self._fetch(Ref(path, form, length, digest, size))
            case [Tag.MODEL, str(path), dict(fields), rest]:
                return self._model(path, fields, rest, hint)
            case [Tag.ENUM, str(path), name, value]:
                return self._enum(path, name, value, hint)
            case [Tag.NUMPY, str(name), item, str() | None as unit]:
                return self._numpy(name, self.walk(item, None), unit)
        inner = self.item_hint(hint, dict if raw[0] is Tag.MAP else list)
        parts = [self.walk(item, inner) for item in raw[1:]]
        try:
            return BUILDERS[raw[0]](*parts)
        except DAMAGE as error:
            raise UnreadableValue(f"stored value is damaged: {raw[0].name.lower()}: {error}") from error

    def _model(self, path: str, fields: dict[str, Any], rest: object, hint: object) -> Any:
        wanted = [choice for choice in _choices(hint) if isinstance(choice, type) and is_model(choice)]
        same = [kind for kind in wanted if class_path(kind) == path]
        kind = (same or wanted)[0] if wanted else self._classes(path)
        if kind is None or not is_model(kind):
            return {name: self.walk(item, None) for name, item in fields.items()}
        hints = hints_of(kind)
        values = {str(name): self.walk(item, hints.get(name)) for name, item in fields.items()}
        try:
            return restore(kind, values, self.walk(rest, None), as_it_was=class_path(kind) == path)
        except (TypeError, ValueError, AttributeError) as error:
            raise UnreadableValue(f"the stored {path} does not fit {class_path(kind)}: {error}") from error

    def _enum(self, path: str, name: object, value: object, hint: object) -> Any:
        wanted = [choice for choice in _choices(hint) if isinstance(choice, enum.EnumType)]
        kind = wanted[0] if wanted else self._classes(path)
        plain = name if isinstance(name, str) else self.walk(value, None)
        if not isinstance(kind, enum.EnumType):
            return plain
        try:
            return kind[plain] if isinstance(name, str) else kind(plain)
        except (KeyError, ValueError, TypeError) as error:
            raise UnreadableValue(f"the stored {path} {plain!r} is no member of {class_path(kind)}") from error

    def _numpy(self, name: str, item: object, unit: str | None) -> Any:
        kind: Any = self._classes(f"numpy:{name}")
        if kind is None:
            return item
        try:
            if unit:
                return kind(item, unit)
            return kind("NaT") if name == "datetime64" else kind(item)  # a date without unit is no date
        except (TypeError, ValueError, OverflowError) as error:
            raise UnreadableValue(f"stored value is damaged: numpy.{name}: {error}") from error


_CONTAINERS: dict[type, Callable[[Encoder, Any], object]] = {
    list: Encoder._list,
    tuple: Encoder._tuple,
    set: Encoder._set,
    frozenset: Encoder._set,
    dict: Encoder._dict,
}


def _is_numpy_scalar(kind: type) -> bool:
    return kind.__module__ == "numpy" and any(base.__name__ == "generic" for base in kind.__mro__)


def _choices(hint: object) -> tuple[object, ...]:
    """The alternatives of an annotation: of `A | B | None` all three, of `Annotated[A, …]` A."""
    while typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    return typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)


def _short(key: object) -> str:
    text = f'"{key}"'.encode(errors="backslashreplace").decode() if type(key) is str else repr(key)
    return text if len(text) <= 60 else text[:57] + "..."


def _advice(value: object) -> str:
    if callable(value):
        return "return data, not code"
    if hasattr(value, "fileno"):
        return "it lives in this process only: return what was read from it, or its path or address"
    if hasattr(value, "__next__") or hasattr(value, "__anext__") or hasattr(value, "__await__"):
        return "it is not a value yet: return list(...) of it, or await it"
    if hasattr(value, "__array__") or hasattr(value, "to_pydatetime"):
        return "return .tolist(), .to_pydatetime() or a table"
    for kind in (dict, list, tuple, set, str, bytes, int, float, datetime, date):
        if isinstance(value, kind):
            return f"only {kind.__name__} itself comes back as it was: return {kind.__name__}(...)"
    return "return plain values, a dataclass, a pydantic or msgspec model, or a table"
