from datetime import UTC, datetime
from itertools import count

import pytest

from segue.model.acts import TriggerRun
from segue.model.errors import UsageError
from segue.model.ids import Instant, manual_key
from segue.model.moment import instant_of
from segue.model.spec import DagSpec, ParamSpec
from segue.model.timing import Foretold
from segue.model.value import decode, encode
from segue.schedule.declare import daily
from segue.show.plans.triggering import Wanted, meant_slots, params_of, read_params, slots_of, triggers_for

NOW = instant_of(datetime(2026, 4, 10, 12, tzinfo=UTC))
APRIL = instant_of(datetime(2026, 4, 1, tzinfo=UTC))
DAILY = DagSpec("orders", schedule=daily(at="02:00").to_data(), start=APRIL, timezone="UTC")
MANUAL = DagSpec("once")
PARAMS = DagSpec(
    "p",
    params=(
        ParamSpec("region", "str", encode("eu")),
        ParamSpec("count", "int"),
        ParamSpec("rate", "float", encode(0.5)),
        ParamSpec("mode", "str", encode("fast"), (encode("fast"), encode("slow"))),
    ),
)


def keys_of(spec, when, now=NOW):
    ids = (f"r{n}" for n in count())
    slots = slots_of(spec, when, now)
    return [act.key for _, act in triggers_for(spec, slots, TriggerRun(spec.id, ""), lambda _: next(ids))]


def encoded(spec, given):
    return params_of(spec, read_params(spec, given))


# --------------------------------------------------------------------------------------------------------------- dates
def test_a_date_is_one_interval_and_a_range_includes_both_ends():
    assert keys_of(DAILY, "2026-04-03") == ["2026-04-03"]
    assert keys_of(DAILY, "2026-04-03..2026-04-05") == ["2026-04-03", "2026-04-04", "2026-04-05"]


def test_without_a_date_the_newest_complete_interval_is_meant():
    assert keys_of(DAILY, None) == ["2026-04-09"]


def test_an_interval_is_there_from_the_instant_on_at_which_it_falls_due():
    due = instant_of(datetime(2026, 4, 4, 2, tzinfo=UTC))
    assert keys_of(DAILY, "2026-04-03", due) == ["2026-04-03"]
    with pytest.raises(UsageError, match="has not ended yet"):
        keys_of(DAILY, "2026-04-03", Instant(due - 1))


def test_what_is_wished_for_one_run_is_wished_for_each():
    like = TriggerRun("orders", "", None, b"params", "a bug", True)
    for spec, when in ((DAILY, "2026-04-03..2026-04-04"), (MANUAL, None)):
        acts = [act for _, act in triggers_for(spec, slots_of(spec, when, NOW), like, lambda key: f"r{key}")]
        assert [(act.dag, act.params, act.reason, act.replace) for act in acts] == [
            (spec.id, b"params", "a bug", True)
        ] * (2 if spec is DAILY else 1)


def test_a_dag_without_schedule_gets_a_key_from_its_request():
    assert keys_of(MANUAL, None) == [manual_key("r0")]


@pytest.mark.parametrize(
    ("spec", "when", "message"),
    [
        (MANUAL, "2026-04-01", "has no schedule"),
        (DAILY, "2026-04-10", "has not ended yet"),
        (DAILY, "2026-03-01", "before the DAG's start"),
        (DAILY, "2026-04-05..2026-04-03", "runs backwards"),
        (DAILY, "2026-04-05..", "is not a range"),
        (DAILY, "yesterday", "not a moment"),
        (DAILY, "2026-04-01..2099-01-01", "more than 10,000 intervals"),
    ],
)
def test_a_date_that_names_nothing_is_explained(spec, when, message):
    with pytest.raises(UsageError, match=message):
        slots_of(spec, when, NOW)


def test_where_no_interval_is_complete_yet_the_date_has_to_be_named():
    with pytest.raises(UsageError, match="--date"):
        slots_of(DAILY, None, APRIL)


# -------------------------------------------------------------------------------------------------------------- params
def test_params_are_read_by_their_types_and_defaults_fill_the_rest():
    values = decode(encoded(PARAMS, ["count=3", "rate=2", "region=12"]))
    assert values == {"region": "12", "count": 3, "rate": 2, "mode": "fast"}


def test_a_value_may_hold_an_equals_sign():
    assert decode(encoded(PARAMS, ["count=1", "region=a=b"]))["region"] == "a=b"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["count"], "name=value"),
        (["coutn=3"], "did you mean count?"),
        (["count=three"], "int is wanted"),
        (["count=1.5"], "int is wanted"),
        (["count=true"], "int is wanted"),
        (["count=1", "mode=warp"], "one of fast, slow"),
        ([], "--param count="),
    ],
)
def test_params_that_make_no_sense_are_explained(given, message):
    with pytest.raises(UsageError) as caught:
        encoded(PARAMS, given)
    assert message in str(caught.value)


def test_a_dag_without_params_stores_none():
    assert encoded(MANUAL, []) == b""


def test_of_a_timetable_of_ones_own_the_slots_that_it_foretold_can_be_named():
    hours = [Instant(at * 3_600_000_000) for at in range(4)]
    told = Foretold(tuple((one, two, two) for one, two in zip(hours, hours[1:], strict=False)))
    own = DagSpec("orders", schedule=("custom", "Market", "Market()"))
    assert [slot.start for slot in slots_of(own, None, hours[2], told)] == [hours[1]]
    assert [slot.start for slot in slots_of(own, "1970-01-01T00", hours[3], told)] == [hours[0]]
    with pytest.raises(UsageError, match="no interval"):
        slots_of(own, "1970-01-02", hours[3], told)


def test_params_that_are_too_large_are_refused():
    with pytest.raises(UsageError, match="262,144 are the most"):
        params_of(PARAMS, {"count": 1, "region": "x" * 300_000})


def test_a_secret_param_without_a_place_to_keep_it_is_refused():
    with pytest.raises(UsageError, match="secret and cannot be kept"):
        params_of(DagSpec("s", params=(ParamSpec("key", "str", secret=True),)), {"key": "abc"})


def test_an_interval_is_named_by_both_its_ends():
    slots, named = meant_slots(DAILY, Wanted(interval="2026-04-03..2026-04-04"), NOW)
    assert (len(slots), named) == (1, "")
    assert meant_slots(DAILY, Wanted(), NOW)[1].startswith("the newest complete interval of orders is 2026-04-09")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted("2026-04-03", "2026-04-03..2026-04-04"), "leave one of them out"),
        (Wanted(interval="2026-04-03..2026-04-05"), "the next one is 2026-04-03"),
        (Wanted(interval="2026-04-03"), "two moments"),
        (Wanted(interval="2026-04-10..2026-04-11"), "not due yet"),
    ],
)
def test_an_interval_that_is_none_is_explained(wanted, message):
    with pytest.raises(UsageError, match=message):
        meant_slots(DAILY, wanted, NOW)
