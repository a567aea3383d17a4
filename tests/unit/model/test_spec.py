import pytest
from msgspec import DecodeError, ValidationError
from msgspec.structs import replace

from segue.model.spec import (
    DagSpec,
    MapSpec,
    Over,
    ParamSpec,
    RetrySpec,
    Rules,
    TaskSpec,
    decode_spec,
    encode_spec,
    spec_digest,
)

SPEC = DagSpec(
    "daily",
    (
        TaskSpec("a", Rules(retry=RetrySpec(times=3, on=("OSError",)), timeout=5), function="f1", line=3),
        TaskSpec("b", data=("a",), after=("c",), mapped=MapSpec("zip", (Over("x", "a"), Over("y", None, 2)))),
        TaskSpec("c", kind="branch"),
    ),
    schedule={"cron": "0 6 * * *", "zone": "UTC"},
    params=(ParamSpec("n", "int", b"\1"),),
    file="dags/daily.py",
    line=9,
)


def test_a_spec_survives_encoding():
    assert decode_spec(encode_spec(SPEC)) == SPEC


def test_bytes_that_are_no_spec_are_refused():
    for data in (b"", b"\xc1", encode_spec(SPEC)[:-1]):
        with pytest.raises(DecodeError):
            decode_spec(data)
    with pytest.raises(ValidationError):
        decode_spec(encode_spec(replace(SPEC, tasks=(TaskSpec("a", kind="explode"),))))


def test_upstream_is_data_and_order():
    assert SPEC.tasks[1].upstream == ("a", "c")


def test_a_digest_is_known_for_ever():
    assert spec_digest(SPEC) == "5c0a14adbb44393a9c47b99d272e60f9"


@pytest.mark.parametrize("same", [
    replace(SPEC, file="elsewhere/daily.py", line=77),
    replace(SPEC, tasks=(replace(SPEC.tasks[0], function="f2", line=99), *SPEC.tasks[1:])),
    replace(SPEC, schedule={"zone": "UTC", "cron": "0 6 * * *"}),
    decode_spec(encode_spec(SPEC)),
])  # fmt: skip
def test_a_digest_does_not_see_what_means_nothing(same):
    assert spec_digest(same) == spec_digest(SPEC)


@pytest.mark.parametrize("other", [
    replace(SPEC, id="other"),
    replace(SPEC, priority=1),
    replace(SPEC, tasks=SPEC.tasks[::-1]),
    replace(SPEC, tasks=(replace(SPEC.tasks[0], rules=Rules()), *SPEC.tasks[1:])),
    replace(SPEC, tasks=(replace(SPEC.tasks[0], arguments="x=1"), *SPEC.tasks[1:])),
    replace(SPEC, schedule=None),
])  # fmt: skip
def test_a_digest_sees_what_means_something(other):
    assert spec_digest(other) != spec_digest(SPEC)


@pytest.mark.parametrize(
    ("spec", "limit"),
    [(DagSpec("d"), 16), (DagSpec("d", schedule="x"), 1), (DagSpec("d", schedule="x", max_active_runs=3), 3)],
)
def test_a_scheduled_dag_runs_once_at_a_time_and_others_sixteen_times(spec, limit):
    assert spec.run_limit == limit
