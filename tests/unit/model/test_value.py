import contextlib
import dataclasses
import enum
import io
import math
import os
import pathlib
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Annotated, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pydantic
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue.model.errors import UnreadableValue, UnstorableValue
from segue.model.value import Ref, decode, decode_item, encode, encode_items, encode_pieces, length_of
from segue.model.value_leaves import Tag


class Colour(enum.Enum):
    RED = (1, 2)
    BLUE = "b"


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    day: date
    items: tuple[int, ...] = ()
    total: Decimal = dataclasses.field(default=Decimal(0), init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", Decimal(sum(self.items)))


@dataclasses.dataclass
class Nested:
    rows: list[Row]
    note: str | None = None


class Packed(msgspec.Struct, kw_only=True):
    a: int
    b: list[Row] = []


class Stamped(msgspec.Struct):
    n: int

    def __post_init__(self) -> None:
        self.n += 1


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    a: int
    b: Any = pydantic.Field(default=None, alias="bee")
    _seen: int = pydantic.PrivateAttr(default=0)


class Point(NamedTuple):
    x: int
    y: Any


@dataclasses.dataclass
class Holder:
    fn: object


CLASSES = {
    f"{kind.__module__}:{kind.__qualname__}": kind
    for kind in (Holder, Colour, Access, Level, Row, Nested, Packed, Stamped, Model, Point)
}


def find(path: str) -> type | None:
    module, _, name = path.partition(":")
    return getattr(np, name, None) if module == "numpy" else CLASSES.get(path)


def same(a: Any, b: Any) -> bool:
    """Equal and of the same type, all the way down; NaN is NaN, -0.0 is not 0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, Decimal):
        return a.as_tuple() == b.as_tuple()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, set | frozenset):
        return same(sorted(a, key=repr), sorted(b, key=repr))
    if isinstance(a, datetime | time):
        return a == b and a.fold == b.fold and repr(a.tzinfo) == repr(b.tzinfo)
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return bool(a == b)


def round_trip(value: object) -> Any:
    return decode(encode(value), classes=find)


zones = st.one_of(
    st.none(),
    st.just(UTC),
    st.sampled_from(["Europe/Madrid", "America/New_York", "UTC"]).map(ZoneInfo),
    st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23))),
    st.builds(timezone, st.just(timedelta(hours=1)), st.text(max_size=3)),
)
folds = st.sampled_from([0, 1])
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(2**200), max_value=2**200),
    st.floats(),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.complex_numbers(allow_nan=False),
    st.dates(),
    st.builds(lambda t, z, f: t.replace(tzinfo=z, fold=f), st.times(), zones, folds),
    st.builds(lambda t, z, f: t.replace(tzinfo=z, fold=f), st.datetimes(), zones, folds),
    st.timedeltas(),
    st.decimals(allow_nan=None),
    st.uuids(),
    st.text(alphabet="ab/.é\\:", max_size=9).map(pathlib.PurePosixPath),
    st.text(alphabet="ab/.é", max_size=9).map(pathlib.Path),
    st.text(alphabet="ab\\c:", max_size=9)
    .map(pathlib.PureWindowsPath)
    .filter(lambda path: pathlib.PureWindowsPath(str(path)) == path),
    st.builds(range, st.integers(), st.integers(), st.integers(min_value=1)),
    st.sampled_from([*Colour, *Level, *Access, Access(0), Access.READ | Access.WRITE]),
    st.sampled_from([np.float32(1.1), np.float64("nan"), np.int8(-3), np.uint64(2**63), np.bool_(True), np.str_("é")]),
)


def hashed(value: object) -> bool:
    return not isinstance(value, Decimal) or not value.is_snan()


keys = scalars.filter(hashed)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=4), inner, max_size=4),
        st.dictionaries(keys, inner, max_size=4),
        st.sets(keys.filter(lambda key: key == key), max_size=4),
        st.frozensets(keys.filter(lambda key: key == key), max_size=4),
        st.builds(Row, st.dates(), st.lists(st.integers(), max_size=2).map(tuple)),
        st.builds(Point, st.integers(), inner),
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values)
def test_a_value_comes_back_equal_and_of_the_same_type(value: object) -> None:
    assert same(round_trip(value), value)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.lists(values, max_size=4), st.dictionaries(keys, values, max_size=4)))
def test_items_are_read_alone_and_together(value: Any) -> None:
    data = encode_items(value)
    expected = list(value.items()) if isinstance(value, dict) else value
    assert len(expected) == length_of(value)
    assert same([decode_item(io.BytesIO(data), k, classes=find) for k in range(len(expected))], expected)
    assert same(decode(data, classes=find), value)


def allowed(data: bytes) -> None:
    for read in (lambda: decode(data, classes=find), lambda: decode_item(data, 0, classes=find)):
        with contextlib.suppress(ValueError, IndexError):
            read()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([b"", b"\x01V", b"\x01I", b"\x02V"]), st.binary(max_size=60))
def test_hostile_bytes_raise_value_errors_only(head: bytes, tail: bytes) -> None:
    allowed(head + tail)


nodes = st.recursive(
    st.one_of(
        st.none(),
        st.integers(-5, 2**64 - 1),
        st.floats(),
        st.text(max_size=6),
        st.binary(max_size=17),
        st.just("America"),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers(-5, 5)), inner, max_size=2),
        st.builds(
            lambda tag, rest: [msgspec.msgpack.Ext(tag, b""), *rest], st.integers(-3, 20), st.lists(inner, max_size=4)
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nodes)
def test_well_formed_nonsense_raises_value_errors_only(tree: object) -> None:
    allowed(b"\x01V" + msgspec.msgpack.encode(tree))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values, st.integers(min_value=0), st.integers(0, 255))
def test_a_flipped_byte_raises_value_errors_only(value: object, place: int, byte: int) -> None:
    for data in (encode(value), encode_items([value, value])):
        broken = bytearray(data)
        broken[place % len(data)] = byte
        allowed(bytes(broken))


@pytest.mark.parametrize("depth", [600, 900, 100_000])
def test_deeply_nested_bytes_are_refused(depth: int) -> None:
    with pytest.raises(UnreadableValue, match="damaged"):
        decode(b"\x01V" + b"\x91" * depth + b"\x91\x91")
    with pytest.raises(UnreadableValue, match="damaged"):
        decode(b"\x01V" + b"\x91" * depth + b"\x91\xc0")


def test_bytes_that_promise_four_billion_items_are_refused_at_once() -> None:
    with pytest.raises(UnreadableValue, match="damaged"):
        decode(b"\x01V\xdd\xff\xff\xff\xff")
    with pytest.raises(UnreadableValue, match="damaged"):
        decode(b"\x01I" + b"\x00" * 8 + b"\xff" * 8 + b"\x00" + b"item")


def node(tag: Tag, *parts: object) -> bytes:
    return b"\x01V" + msgspec.msgpack.encode([msgspec.msgpack.Ext(int(tag), b""), *parts])


@pytest.mark.parametrize(
    "data",
    [
        b"\x01V" + msgspec.msgpack.encode(msgspec.msgpack.Ext(1, b"x")),  # an extension with content
        b"\x01V" + msgspec.msgpack.encode(msgspec.msgpack.Ext(99, b"")),  # an unknown tag
        b"\x01V" + msgspec.msgpack.encode([1, msgspec.msgpack.Ext(1, b"")]),  # a tag that begins no node
        b"\x01V" + msgspec.msgpack.encode({1: 2}),
        node(Tag.DECIMAL, 5),
        node(Tag.DATETIME, "2013-01-01T00:00:00", 0, 7),
        node(Tag.DATETIME, "2013-01-01T00:00:00", 0, "America"),
        node(Tag.UUID, b"short"),
        node(Tag.MAP, 1),
        node(Tag.SET, []),
        node(Tag.ENUM, f"{__name__}:Colour", "GREEN", None),
        node(Tag.ENUM, f"{__name__}:Access", None, "x"),
        node(Tag.NUMPY, "int8", "x", None),
        node(Tag.NUMPY, "datetime64", 1, "parsec"),
        node(Tag.MODEL, f"{__name__}:Row", {"day": 1}, None),
        node(Tag.MODEL, f"{__name__}:Model", {"a": 1}, None),
        node(Tag.REF, 1, 2, 3, 4, 5),
    ],
)
def test_damage_is_named(data: bytes) -> None:
    with pytest.raises(UnreadableValue, match="damaged|is no member of|does not fit"):
        decode(data, classes=find)


def test_a_file_that_shrinks_while_it_is_read_is_damaged() -> None:
    class Shrinking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(size)[:-1] if size == 16 else super().read(size)

    with pytest.raises(UnreadableValue, match="cut short"):
        decode_item(Shrinking(encode_items([1])), 0)


def test_a_newer_format_is_named() -> None:
    with pytest.raises(UnreadableValue, match="format 9; this version of Segue reads up to 1"):
        decode(b"\x09Vwhatever")


GOLDEN: list[Any] = [
    None, True, -1, 2**70, 1.5, "é", b"b", 1j, range(3), Decimal("1.20"), UUID(int=7), date(2013, 1, 2),
    time(3, 4, fold=1), datetime(2013, 1, 2, tzinfo=ZoneInfo("Europe/Madrid")),
    datetime(2013, 1, 2, tzinfo=timezone(timedelta(hours=1), "X")),
    timedelta(1, 2, 3), pathlib.PurePosixPath("a/b"), (1, 2), {1}, frozenset({2}), {"a": 1}, {1: "a"}, Colour.BLUE,
    Access.READ | Access.WRITE, Point(1, 2), np.float32(0.5), np.datetime64("2013-01-01", "D"),
]  # fmt: skip
STORED = (
    "0156dc001bc0c3ff92c70001c409000000000000000040cb3ff8000000000000a2c3a9c4016293c70002cb0000000000000000cb3ff000"
    "000000000094c7000300030192c70004a4312e323092c70005c4100000000000000000000000000000000792c70006aa323031332d3031"
    "2d303294c70007a830333a30343a303001c094c70008b3323031332d30312d30325430303a30303a303000ad4575726f70652f4d616472"
    "696494c70008b3323031332d30312d30325430303a30303a3030009294c7000900cd0e1000a15894c7000901020393c7000aad50757265"
    "506f73697850617468a3612f6293c7000b010292c7000c0192c7000d0281a1610193c7000e01a16194c7000fad676f6c64656e3a436f6c"
    "6f7572a4424c5545c094c7000fad676f6c64656e3a416363657373c00394c70010ac676f6c64656e3a506f696e7482a17801a17902c094"
    "c70011a7666c6f61743332cb3fe0000000000000c094c70011aa6461746574696d653634cd3d5aa144"
)


def test_format_1_stays_readable() -> None:
    def golden(path: str) -> type | None:
        return find(path.replace("golden:", f"{__name__}:"))

    assert decode(bytes.fromhex(STORED), classes=golden) == GOLDEN


@pytest.mark.parametrize(
    "value",
    [
        Nested([Row(date(2013, 1, 1), (1, 2))], "x"),
        Packed(a=2**80, b=[Row(date(2013, 1, 1))]),
        Stamped(3),
        Model(a=1, bee=Row(date(2013, 1, 1)), more=[1, {2}]),
        Point(1, Point(2, [])),
        {(1, 2): 3, Colour.RED: 4, None: 5, 1.5: 6, b"k": 7},
        {"é": [True, 1, 1.0, "1", b"1", None]},
        [],
        (),
        {},
        set(),
        frozenset({frozenset({1})}),
        [2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1],
        np.datetime64("2013-01-01T01:02:03.000000004"),
        np.datetime64("NaT"),
        np.timedelta64(5, "25s"),
        np.timedelta64(5),
        np.complex64(1 + 2j),
        np.bytes_(b"x"),
        range(10**40),
    ],
    ids=repr,
)
def test_models_keys_numbers_and_numpy_come_back(value: object) -> None:
    back = round_trip(value)
    assert type(back) is type(value)
    assert back == value or (isinstance(value, np.datetime64) and np.isnat(back))
    assert repr(back) == repr(value)


def test_private_state_and_unset_fields_of_a_pydantic_model_come_back() -> None:
    model = Model(a=1)
    model._seen = 5
    back = round_trip(model)
    assert (back._seen, back.model_fields_set) == (5, {"a"})


def test_no_code_of_the_class_runs_when_its_instances_are_restored() -> None:
    row = Row(date(2013, 1, 1), (1, 2))
    object.__setattr__(row, "total", Decimal("7"))
    assert round_trip(row).total == Decimal("7")


def test_a_named_class_that_is_not_found_becomes_a_dict() -> None:
    assert decode(encode(Nested([], "x"))) == {"rows": [], "note": "x"}
    assert decode(encode([Colour.RED, Access.READ | Access.WRITE])) == ["RED", 3]
    assert decode(encode(np.int8(3))) == 3


@dataclasses.dataclass
class Wanted:
    rows: list[Row]
    note: str | None = None


@dataclasses.dataclass
class Elsewhere:
    rows: "list[NotThere]"  # type: ignore[name-defined]  # noqa: F821
    note: str | None = None


class WantedModel(pydantic.BaseModel):
    a: int
    b: int = 7


class LooseModel(pydantic.BaseModel):
    a: int


@pytest.mark.parametrize("annotation", [list[Wanted], "plain", tuple[Wanted, ...] | None, dict[str, Wanted]])
def test_the_annotation_decides_the_class(annotation: Any) -> None:
    nested = Nested([Row(date(2013, 1, 1))])
    value: Any = [nested]
    if annotation == "plain":
        annotation, value = Wanted, nested
    elif annotation == dict[str, Wanted]:
        value = {"k": nested}
    back = decode(encode(value), annotation=annotation)
    first = back["k"] if isinstance(back, dict) else back[0] if isinstance(back, list) else back
    assert first == Wanted(nested.rows)  # Row is found by the annotation of the field, without a lookup


def test_an_annotation_that_names_what_is_not_there_is_no_hindrance() -> None:
    assert decode(encode(Nested([])), annotation=Elsewhere) == Elsewhere([])
    assert decode(encode(Colour.RED), annotation=Annotated[Colour | None, "note"]) is Colour.RED
    assert decode(encode((Point(1, 2),)), annotation=tuple[Point, int]) == ({"x": 1, "y": 2},)


def test_another_model_is_validated_by_its_own_constructor() -> None:
    assert decode(encode(Packed(a=5, b=[])), annotation=LooseModel | None) == LooseModel(a=5)
    assert decode(encode(Point(1, 2)), annotation=Point) == Point(1, 2)
    with pytest.raises(UnreadableValue, match="the stored .*:Point does not fit .*:WantedModel"):
        decode(encode(Point(1, 2)), annotation=WantedModel)


def test_items_follow_the_annotation_too() -> None:
    data = encode_items([Nested([])])
    assert decode(data, annotation=list[Wanted]) == [Wanted([])]
    assert decode_item(data, 0, annotation=Wanted) == Wanted([])


def generator() -> Any:
    yield 1


class Listy(list):  # type: ignore[type-arg]
    pass


class Nowhere(tzinfo):
    def utcoffset(self, _: datetime | None) -> timedelta:
        return timedelta(0)


class Opaque:
    pass


@dataclasses.dataclass
class ListModel(list):  # type: ignore[type-arg]
    fn: object


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"rows": [1, 2, 3, Holder(lambda: 1)]}, r'result\["rows"\]\[3\]\.fn cannot .* type function: return data'),
        ([1, "ok", "\ud800"], r"result\[2\] .* type str: it holds a lone surrogate"),
        ({"\udfff": 1}, r"result .* type str: it holds a lone surrogate"),
        ((generator(),), r"result\[0\] .* type generator: it is not a value yet"),
        ({1: Opaque}, r"result\[1\] .* type type: return data, not code"),
        ({"k": {(1, Opaque())}}, r"result\[\"k\"\]\[.*\]\[1\] .* type .*test_value.Opaque: return plain values"),
        (Listy([1]), r"result .* type .*Listy: only list itself comes back as it was: return list\(...\)"),
        (ListModel(fn=1), r"only list itself"),
        (np.arange(3), r"type numpy.ndarray: return .tolist\(\)"),
        (np.array(3), r"type numpy.ndarray: return .tolist\(\)"),
        (np.dtype("int8"), r"return plain values"),
        ({"k" * 100: object()}, r'result\["k{56}\.\.\.\] cannot'),
        (datetime(2013, 1, 1, tzinfo=Nowhere()), r"its time zone is of type .*Nowhere: use zoneinfo"),
        (np.longdouble(1), r"type numpy.longdouble: return a plain Python value"),
        (pathlib.PurePosixPath("a\udcff"), r"lone surrogate"),
        (object.__new__(Row), r"a field of it was never set"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_type_and_path(value: object, message: str) -> None:
    with pytest.raises(UnstorableValue, match=message):
        encode(value)


def test_sockets_and_open_files_are_refused(tmp_path: pathlib.Path) -> None:
    with socket.socket() as plug, pytest.raises(UnstorableValue, match="type socket.socket: it lives in this process"):
        encode([plug])
    with (tmp_path / "x").open("w") as file, pytest.raises(UnstorableValue, match="it lives in this process"):
        encode({"file": file})


def test_recursive_and_bottomless_values_are_refused() -> None:
    loop: list[Any] = [1]
    loop.append({"again": loop})
    with pytest.raises(UnstorableValue, match=r'result\[1\]\["again"\] .* it contains itself'):
        encode(loop)
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(UnstorableValue, match="nested more than 100 deep"):
        encode(deep)


def test_a_value_that_is_met_twice_is_no_recursion() -> None:
    part = [1]
    assert round_trip([part, part]) == [[1], [1]]


@pytest.mark.parametrize(
    "around",
    [lambda deep: [deep], lambda deep: (deep,), lambda deep: {1: deep}, lambda deep: frozenset({deep}), Holder],
    ids=["list", "tuple", "dict", "set", "model"],
)
def test_the_deepest_value_that_is_stored_is_also_read(around: Callable[[Any], Any]) -> None:
    deep: Any = 0
    for _ in range(100):
        deep = around(deep)
    assert round_trip(deep) == deep
    with pytest.raises(UnstorableValue, match="nested more than 100 deep"):
        encode(around(deep))


def test_foreign_objects_are_spilled_and_fetched() -> None:
    kept: dict[str, object] = {}
    asked = []

    def spill(value: object, path: str) -> Ref | None:
        asked.append(path)
        if not isinstance(value, Opaque):
            return None
        kept["u"] = value
        return Ref("u", "opaque", None, b"d", 3)

    value = Opaque()
    data = encode({"a": [value]}, spill=spill)
    assert asked == ['result["a"][0]']
    assert decode(data, fetch=lambda ref: kept[ref.path])["a"][0] is value
    with pytest.raises(UnreadableValue, match="lies in u"):
        decode(data)
    with pytest.raises(UnstorableValue):
        encode(object(), spill=spill)


def test_equal_sets_have_equal_bytes_under_every_hash_seed() -> None:
    code = "from segue.model.value import encode; print(encode({'a', 'b', 'c', ('d', 1)}).hex())"
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


@pytest.mark.parametrize("value", [[1, "a"], (1, (2,)), frozenset({1}), {1: 2, "k": [3]}, range(3, 10**30, 7), []])
def test_containers_are_stored_by_item(value: Any) -> None:
    data = encode_items(value)
    assert decode(data) == value and type(decode(data)) is type(value)
    with pytest.raises(IndexError):
        decode_item(data, length_of(value) or 0)


@pytest.mark.parametrize("value", [generator(), "text", Opaque(), Point(1, 2), None])
def test_only_containers_can_be_mapped_over(value: object) -> None:
    assert length_of(value) is None
    with pytest.raises(UnstorableValue, match="something maps over it: return"):
        encode_items(value)


def test_reading_one_item_touches_little_of_the_file() -> None:
    class Counting(io.BytesIO):
        count = 0

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            self.count += len(data)
            return data

    file = Counting(encode_items([b"x" * 1000] * 1000))
    assert decode_item(file, 777) == b"x" * 1000
    assert file.count < 2000


def test_an_ordinary_value_was_not_stored_by_item() -> None:
    with pytest.raises(UnreadableValue, match="not stored item by item"):
        decode_item(encode([1]), 0)


def test_nothing_optional_is_imported() -> None:
    code = "import sys, segue.model.value; print({'numpy', 'pydantic', 'pandas'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out == "set()\n"


def test_a_table_that_something_maps_over_is_refused_with_the_conversion_to_rows():
    class Frame:
        columns = ("n",)

    with pytest.raises(UnstorableValue, match="return a list, for example of its rows as dicts"):
        encode_items(Frame())


def test_a_path_that_reads_back_as_another_is_refused() -> None:
    odd = pathlib.PureWindowsPath("\\\\a\\")  # a share without a name, up to Python 3.11
    if pathlib.PureWindowsPath(str(odd)) == odd:
        assert decode(encode(odd)) == odd
    else:
        with pytest.raises(UnstorableValue, match="reads back as another path"):
            encode(odd)


@given(values)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_the_pieces_of_a_value_are_its_encoding(value: object) -> None:
    assert b"".join(encode_pieces(value)) == encode(value)
    if length_of(value) is not None:
        assert b"".join(encode_pieces(value, mapped=True)) == encode_items(value)


@pytest.mark.parametrize("count", [0, 15, 16, 64, 65, 1000, 1001, 65_535, 65_536])
@pytest.mark.parametrize(
    "make",
    [
        lambda n: list(range(n)),
        lambda n: [2**70, *["x"] * (n - 1)],
        lambda n: tuple([k] for k in range(n)),
        lambda n: {str(k): k for k in range(n)},
        lambda n: {k: k for k in range(n)},
        lambda n: [[[[[[n]]]]], {"é": ({"b": n * [b"c"]},)}],
    ],
)
def test_a_long_value_is_encoded_in_pieces_as_it_is_in_one(count: int, make: Callable[[int], Any]) -> None:
    assert b"".join(encode_pieces(make(count))) == encode(make(count))


def test_a_piece_is_short_however_long_the_value() -> None:
    value = {"rows": [{"n": k} for k in range(5000)], "flat": list(range(5000)), "one": ("x" * 100,) * 5000}
    assert max(map(len, encode_pieces(value))) < 7000


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1, {"b": print}]}, 'result["a"][1]["b"]'),
        ([*range(70), "\ud800"], "result[70]"),
        ({"\ud800": 1}, "result"),
        ((*[[]] * 2000, print), "result[2000]"),
    ],
)
def test_a_refusal_names_the_same_path_when_encoding_goes_piece_by_piece(value: object, path: str) -> None:
    said = []
    for work in (encode, lambda value: b"".join(encode_pieces(value))):
        with pytest.raises(UnstorableValue) as refusal:
            work(value)
        said.append(str(refusal.value))
    assert said[0] == said[1] and said[0].startswith(f"{path} cannot be stored")


def test_a_value_that_contains_itself_is_refused_piece_by_piece_too() -> None:
    value: dict[str, Any] = {}
    value["a"] = [value]
    with pytest.raises(UnstorableValue, match=r'result\["a"\]\[0\] cannot be stored.*contains itself'):
        list(encode_pieces(value))
