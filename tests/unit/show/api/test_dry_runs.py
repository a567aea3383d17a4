"""A dry run refuses what the deed refuses, with the same words."""

import pytest

from segue.model.acts import PauseDags
from segue.model.ids import Instant
from tests.unit.engine.driver import DAY, World
from tests.unit.show.api.office import NOW


def post(office, path, body):
    return office("POST", f"/api/v1{path}", body)


REASON = {"reason": "it was so"}
ACTS = [
    ("/runs/retry", {}), ("/runs/retry", {"tasks": ["a"]}), ("/runs/retry", {"tasks": ["b"], "only": True}),
    ("/runs/retry", {"tasks": ["nope"]}), ("/runs/rerun", {}), ("/runs/rerun", {"failed": True}),
    ("/runs/rerun", {"tasks": ["nope"]}), ("/runs/rerun", {"replace": True}), ("/runs/cancel", {}),
    ("/runs/mark", {"task": "a", "state": "success", **REASON}),
    ("/runs/mark", {"task": "b", "state": "skipped", **REASON}),
    ("/runs/mark", {"task": "a", "state": "failed", **REASON}),
    ("/runs/mark", {"task": "z", "state": "failed", **REASON}),
    ("/runs/release", REASON), ("/runs/reject", {"task": "b", **REASON}),
]  # fmt: skip


@pytest.mark.parametrize("what", ["failed", "held", "running"])
@pytest.mark.parametrize(("path", "body"), ACTS)
def test_a_dry_run_on_a_run_is_refused_as_the_deed_is(office, path, body, what):
    named = {"runs": [office.objects("mine")[what]], **body}
    asked = len(office.desk.asked)
    dry = post(office, path, {**named, "dry_run": True})
    assert len(office.desk.asked) == asked
    deed = post(office, path, named)
    refused = deed.status == 409
    assert dry.status == (409 if refused else 200), (dry, deed)
    if refused:
        assert dry.json["errors"] == deed.json["errors"]
    else:
        assert dry.json["runs"] == named["runs"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/dags/trigger", {"dags": ["empty"]}), ("/dags/pause", {"dags": ["mine"], "until": "1970-01-02"}),
        ("/backfills/pause", {"backfills": ["ended"]}), ("/backfills/again", {"backfills": ["open"]}),
        ("/backfills/pause", {"backfills": ["open"]}), ("/backfills/cancel", {"backfills": ["open"]}),
        ("/dags/mine/backfills", {"range": "1972-09-10"}), ("/dags/trigger", {"dags": ["mine"], "date": "1972-09-20"}),
    ],
)  # fmt: skip
def test_a_dry_run_on_a_dag_or_a_backfill_is_refused_as_the_deed_is(office, path, body):
    made = {"open": office.backfill("mine", 10), "ended": office.backfill("mine", 20)}
    post(office, "/backfills/cancel", {"backfills": [made["ended"]]})
    if "backfills" in body:
        body = {"backfills": [made[name] for name in body["backfills"]]}
    dry, deed = post(office, path, {**body, "dry_run": True}), post(office, path, body)
    assert dry.status == deed.status, (dry, deed)
    if deed.status == 409:
        assert dry.json["errors"] == deed.json["errors"]


def test_of_several_runs_a_plan_names_what_will_be_done_and_what_will_not(office):
    made = office.objects("mine")
    plan = post(office, "/runs/cancel", {"runs": [made["failed"], made["running"]], "dry_run": True}).json
    assert (plan["runs"], plan["total"]) == ([made["running"]], 1)
    assert [(one["object"], one["why"]) for one in plan["refused"]] == [
        (made["failed"], f"{made['failed']} has ended: failed")
    ]


def test_a_dry_run_of_unpause_counts_what_it_leaves_out(office):
    office.world = World(*office.specs, now=NOW, planning=True)
    office.world.send()
    office.world.ask(PauseDags(("mine",), False, None, ""))
    office.world.now = Instant(NOW + 3 * DAY)
    dry = post(office, "/dags/unpause", {"dags": ["mine"], "dry_run": True}).json
    [done] = post(office, "/dags/unpause", {"dags": ["mine"]}).json["done"]
    assert dry["notes"] == [done["text"]]
    assert "3 intervals are left out" in done["text"]
