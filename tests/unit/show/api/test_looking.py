"""What the reading routes answer, over both kinds of store."""

import json
from datetime import datetime
from urllib.parse import quote

import pytest

from segue.model.moment import iso_utc
from tests.unit.show.api.reading_room import NOW, day, furnished


@pytest.fixture(scope="module", params=[False, True], ids=["memory", "sqlite"])
def room(request, tmp_path_factory):
    room = furnished(tmp_path_factory.mktemp("room"), sqlite=request.param)
    yield room
    room.close()


def ids(items):
    return [one["run_id"] for one in items]


# ------------------------------------------------------------------------------------------------------------- overview
def test_the_overview_tells_what_failed_and_is_held_first_and_what_comes(room):
    told = room.json("/overview")
    first = told["attention"][:3]
    assert [(one["sort"], one["run_id"]) for one in first] == [
        ("failed", room.again), ("failed", room.failed), ("held", room.held),
    ]  # fmt: skip
    assert first[0]["task"] == "a" and "boom" in first[0]["text"]
    assert (first[0]["affected"], first[0]["affected_dags"]) == (3, 1), "b, each, and the DAG that reads b"
    assert first[0]["command"] == f"segue retry {room.again}"
    assert told["counts"] == {"running": 2, "held": 1}
    assert [one["dag_id"] for one in told["dags"]] == ["orders", "quiet", "stocks"]
    assert [mark["state"] for mark in told["dags"][0]["marks"]][:3] == ["running", "running", "held"]
    assert [one["dag_id"] for one in told["coming"]] == ["orders"]


def test_of_what_one_may_not_see_the_overview_says_nothing(room):
    told = room.json("/overview", "eve")
    assert told["attention"] == [] and told["counts"] == {}
    assert [one["dag_id"] for one in told["dags"]] == ["quiet"]


# ----------------------------------------------------------------------------------------------------------------- DAGs
@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ("", ["orders", "quiet", "stocks"]),
        ("?tag=retail", ["orders"]),
        ("?owner=lee", ["stocks"]),
        ("?text=ALL ORDERS", ["orders"]),
        ("?text=stock", ["stocks"]),
        ("?paused=true", ["stocks"]),
        ("?state=running", ["orders"]),
        ("?state=success", ["quiet"]),
        ("?sort=-name", ["stocks", "quiet", "orders"]),
        ("?sort=state", ["orders", "quiet", "stocks"]),
        ("?location=nowhere", []),
    ],
)
def test_dags_are_filtered_and_sorted(room, filters, wanted):
    assert [one["dag_id"] for one in room.json(f"/dags{filters.replace(' ', '%20')}")["items"]] == wanted


def test_dags_come_page_by_page_in_any_order(room):
    for sort in ("name", "-name", "next", "newest", "state"):
        whole = [one["dag_id"] for one in room.json(f"/dags?sort={sort}")["items"]]
        assert walked(room, f"/dags?sort={sort}", 1, "dag_id") == whole


def walked(room, path, limit, name):
    found, cursor, mark = [], "", "&" if "?" in path else "?"
    while True:
        page = room.json(f"{path}{mark}limit={limit}{cursor}")
        assert len(page["items"]) <= limit
        found += [one[name] for one in page["items"]]
        if page["next"] is None:
            return found
        cursor = f"&cursor={quote(page['next'])}"


def test_a_dag_tells_its_schedule_its_params_and_its_tasks(room):
    told = room.json("/dags/orders")
    assert told["schedule"].startswith("covers each calendar day") and len(told["fires"]) == 5
    region, token = told["params"]
    assert (region["choices"], region["default"], region["required"]) == (["eu", "us"], "eu", False)
    assert token["secret"] and token["default"] is None
    assert [(one["task_id"], one["upstream"], one["mapped"]) for one in told["tasks"]] == [
        ("a", [], False), ("b", ["a"], False), ("each", ["b"], True),
    ]  # fmt: skip
    assert room.json("/dags/orders/versions")["items"][0]["version"] == 1


def test_the_grid_has_a_letter_for_every_task_of_every_run(room):
    told = room.json("/dags/orders/grid")
    assert [row["task_id"] for row in told["rows"]] == ["a", "b", "each"]
    columns = {one["run_id"]: one for one in told["columns"]}
    assert told["letters"][columns[room.failed]["codes"][0]] == "failed"
    assert [told["letters"][code] for code in columns[room.held]["codes"]][:2] == ["success", "held"]
    assert columns[room.good]["items"] == [[2, {"success": 3}]]
    assert columns[room.running]["codes"][1] == "r"
    first = room.json("/dags/orders/grid?limit=2")
    rest = room.json(f"/dags/orders/grid?cursor={first['next']}")
    assert [one["run_id"] for one in (*first["columns"], *rest["columns"])] == list(columns)


def test_the_graph_of_a_run_shows_states_and_blast(room):
    told = room.json(f"/runs/{room.failed}/graph")
    nodes = {node["id"]: node for node in told["nodes"]}
    assert [(name, node["state"], node["blast"]) for name, node in nodes.items()] == [
        ("a", "failed", False), ("b", "upstream_failed", True), ("each", "upstream_failed", True),
    ]  # fmt: skip
    assert [(edge["source"], edge["target"], edge["sort"]) for edge in told["edges"]] == [
        ("a", "b", "data"), ("b", "each", "order"),
    ]  # fmt: skip
    plain = room.json("/dags/orders/graph")
    assert plain["digest"] == told["digest"] and all(node["state"] == "" for node in plain["nodes"])
    good = {node["id"]: node for node in room.json(f"/runs/{room.good}/graph")["nodes"]}
    assert good["each"]["counts"] == {"success": 3} and good["each"]["state"] == "success"


def test_slots_missing_and_next_fires_agree(room):
    ledger = room.json("/dags/orders/slots")
    holes = room.json("/missing?days=366")["items"]
    assert holes[0]["dag_id"] == "orders"
    assert holes[0]["counts"]["missing"] == ledger["counts"]["missing"]
    assert holes[0]["command"] == ledger["command"]
    only = room.json("/dags/orders/slots?state=failed,held")["slots"]
    assert {one["state"] for one in only} == {"failed", "held"}
    (due,) = [one for one in room.json("/next")["items"] if one["dag_id"] == "orders"]
    assert due["next"][0] == room.json("/dags/orders/next?count=1")["next"][0]
    assert room.json("/dags/orders/forecast")["runs"] == 4
    assert [one["dag_id"] for one in room.json("/forecasts?tag=retail")["items"]] == ["orders"]


# ----------------------------------------------------------------------------------------------------------------- runs
def test_runs_are_filtered(room):
    assert ids(room.json("/runs?state=failed")["items"]) == [room.again, room.failed]
    assert ids(room.json("/runs?state=failed,held&dag=ord*")["items"])[0] == room.held
    assert ids(room.json("/runs?dag=quiet")["items"]) == [room.quiet]
    assert ids(room.json("/runs?tag=retail&kind=manual&state=running")["items"]) == [room.running]
    assert ids(room.json("/runs?error=*boom*")["items"]) == [room.again, room.failed]
    assert ids(room.json("/runs?backfill=1")["items"])[0].startswith("orders@")
    assert ids(room.json(f"/runs?dag=orders&slot={day(5)}")["items"]) == [room.failed]
    assert room.json("/runs?since=9999-01-01".replace("9999", "8000"))["items"] == []
    early = room.json(f"/runs?until={iso_utc(NOW + 1)}")["items"]
    assert len(early) == 1 and early[0]["created_at"] == iso_utc(NOW)


def test_runs_come_page_by_page_in_every_order(room):
    for sort in ("newest", "oldest", "longest"):
        whole = ids(room.json(f"/runs?limit=200&sort={sort}")["items"])
        assert walked(room, f"/runs?sort={sort}", 3, "run_id") == whole


def test_one_run_has_the_fields_that_the_terminal_prints(room):
    told = room.json(f"/runs/{room.failed}")
    assert (told["run_id"], told["dag_id"], told["state"]) == (room.failed, "orders", "failed")
    assert told["culprits"] == [{"task_id": "a", "map_index": None, "reason": "boom"}]
    assert told["attempt_list"][0]["cause"] == "ValueError"
    assert told["counts"] == {"failed": 1, "upstream_failed": 2}
    assert room.json(f"/runs/{told['number']}")["run_id"] == room.failed
    assert room.json("/runs/quiet@latest")["run_id"] == room.quiet


def test_tasks_attempts_and_events_of_a_run_come_page_by_page(room):
    whole = room.json(f"/runs/{room.good}")
    tasks = walked(room, f"/runs/{room.good}/tasks", 2, "map_index")
    assert tasks == [one["map_index"] for one in whole["tasks"]] == [None, None, 0, 1, 2]
    attempts = walked(room, f"/runs/{room.good}/attempts", 2, "attempt_id")
    assert attempts == [one["attempt_id"] for one in whole["attempt_list"]]
    events = walked(room, f"/runs/{room.good}/events", 3, "seq")
    assert events == sorted(set(events)) and len(events) > 10
    assert [one["task_id"] for one in room.json(f"/runs/{room.good}/tasks?task=each")["items"]] == ["each"] * 3
    assert len(room.json(f"/runs/{room.good}/attempts?task=each&map_index=1")["items"]) == 1


def test_a_run_is_told_as_far_as_it_is_asked_for(room):
    assert [one["task_id"] for one in room.json(f"/runs/{room.good}/tasks?text=EACH")["items"]] == ["each"] * 3
    assert [one["map_index"] for one in room.json(f"/runs/{room.good}/tasks?text=each[1")["items"]] == [1]
    forth = walked(room, f"/runs/{room.good}/events?newest=false", 3, "seq")
    assert walked(room, f"/runs/{room.good}/events?newest=true", 3, "seq") == forth[::-1]
    few = room.json(f"/runs/{room.good}?most=1")
    assert len(few["tasks"]) == len(few["attempt_list"]) == 1 and few["left_out"] == 8
    line = room.json(f"/runs/{room.good}/timeline?most=2")
    assert (len(line["lanes"]), line["left_out"]) == (2, 3)


def test_a_run_in_a_list_has_the_zone_of_its_dag(room):
    zones = {one["dag_id"]: one["timezone"] for one in room.json("/runs?limit=200")["items"]}
    assert zones == {"orders": room.json("/dags/orders")["timezone"], "quiet": "UTC"}
    (one,) = room.json(f"/runs?dag=orders&slot={day(5)}")["items"]
    assert one["timezone"] == zones["orders"]


def test_what_is_held_stands_beside_what_was_good(room):
    (held,) = room.json(f"/runs/{room.held}/held")
    assert (held["task_id"], held["why"]) == ("b", "0 rows")
    assert held["good_run_id"] == room.good and held["good"]["text"] == "7"
    assert room.json(f"/runs/{room.good}/held") == []


def test_queue_and_workers_are_told_over_time(room):
    told = room.json("/resources/history?hours=1")
    assert told["complete"] and len(told["points"]) == 96
    assert all(point["busy"] >= 0 and point["queued"] >= 0 for point in told["points"])
    assert any(point["wait_p50_seconds"] is not None for point in told["points"])


def test_what_falls_due_is_told_one_by_one(room):
    (coming,) = room.json("/overview")["coming"]
    assert coming["dues"][0] == coming["due"] and len(coming["dues"]) == coming["count"]


def test_every_move_of_a_run_says_why(room):
    moves = room.json(f"/runs/{room.failed}/events?limit=200")["items"]
    assert [(one["old"], one["new"]) for one in moves if one["task"] == "a"][-1][1] == "failed"
    assert all(one["why"] for one in moves if one["kind"] in ("run", "task") and one["old"])
    assert all(datetime.fromisoformat(one["at"]).tzinfo is not None for one in moves)


def test_why_tells_of_the_run_and_of_each_task_or_of_one(room):
    told = room.json(f"/runs/{room.failed}/why")
    assert (told["state"], told["why"]) == ("failed", "failed: a")
    assert [(one["task"], one["why"]) for one in told["tasks"]][1] == ("b", "upstream a failed")
    (held,) = room.json(f"/runs/{room.held}/why?task=b")["tasks"]
    assert "segue release" in held["why"]
    answer = room.see(f"/runs/{room.failed}/why?task=c")
    assert answer.status == 404 and b"it has a, b, each" in answer.body


def test_the_blast_of_a_failure_reaches_other_dags_and_counts_what_is_hidden(room):
    told = room.json(f"/runs/{room.failed}/blast")
    assert (told["culprits"], told["tasks"], told["data"], told["dags"], told["hidden"]) == (
        ["a"], ["b", "each"], ["warehouse.orders"], ["stocks"], 0,
    )  # fmt: skip
    assert [task for task, _ in told["deadlines"]] == [None]
    room.principal("half", ("viewer", "orders"))
    told = room.json(f"/runs/{room.failed}/blast", "half")
    assert (told["dags"], told["hidden"]) == ([], 1)
    assert room.json(f"/runs/{room.good}/blast")["tasks"] == []


def test_of_a_secret_param_only_the_name_is_told(room):
    region, token = room.json(f"/runs/{room.failed}/params")
    assert region == {"name": "region", "value": "us", "secret": False, "default": False}
    assert token["secret"] and token["value"] is None
    assert b"canary" not in room.see(f"/runs/{room.failed}").body


def test_a_run_tells_its_path_its_time_line_and_what_it_made(room):
    path = room.json(f"/runs/{room.good}/critical")
    assert [step["task_id"] for step in path["steps"]] == ["a", "b", "each"]
    line = room.json(f"/runs/{room.good}/timeline")
    assert {piece["what"] for lane in line["lanes"] for piece in lane["pieces"]} == {"waiting", "running"}
    assert len(line["lanes"]) == 5
    made = room.json(f"/runs/{room.good}/results?task=a")
    assert [(one["kind"], one["text"]) for one in made] == [("int", "7")]


def test_what_a_task_keeps_is_told(room):
    assert room.json(f"/runs/{room.running}/state") == [
        {"task_id": "b", "map_index": None, "name": "cursor", "value": "41"}
    ]


def test_earlier_runs_with_the_same_error_are_found(room):
    (one,) = room.json(f"/runs/{room.again}/alike")
    assert (one["run"]["run_id"], one["task"], one["same"]) == (room.failed, "a", True)
    assert room.json(f"/runs/{room.failed}/alike") == []


def test_a_run_is_compared_with_the_last_good_one(room):
    told = room.json(f"/runs/{room.held}/diff")
    assert (told["old"], told["new"]) == (room.good, room.held)
    assert room.see(f"/runs/{room.held}/diff?other={room.quiet}").status == 200
    room.principal("half", ("viewer", "orders"))
    assert room.see(f"/runs/{room.held}/diff?other={room.quiet}", "half").status == 404


# ------------------------------------------------------------------------------------------------------------- standing
def test_a_backfill_is_told_interval_by_interval(room):
    told = room.json(f"/backfills/{room.broken}")
    assert [one["state"] for one in told["slots"]] == ["running", "waiting"]
    assert told["intervals"] == 2
    assert [one["id"] for one in room.json("/backfills?dag=orders")["items"]] == [room.broken]
    assert [one["id"] for one in room.json(f"/backfills?state=proposed&state={told['state']}")["items"]] == [
        room.broken
    ]
    assert room.json("/backfills?state=proposed")["items"] == []
    assert room.see("/backfills?state=runing").status == 422
    assert room.json("/backfills", "eve")["items"] == []
    assert room.see(f"/backfills/{room.broken}", "eve").status == 404


def test_the_audit_names_who_did_what(room):
    rows = room.json("/audit?limit=200")["items"]
    assert {one["actor"] for one in rows} == {"ana"} and rows[0]["act"] == "PauseDags"
    assert walked(room, "/audit", 4, "id") == [one["id"] for one in rows]
    assert {one["dag_id"] for one in room.json("/audit", "eve")["items"]} == {"quiet"}
    assert room.json("/audit?ok=false")["items"] == []


# -------------------------------------------------------------------------------------------------- what all have alike
def test_what_one_may_not_see_is_not_there(room):
    number = room.number(room.failed)
    for path in (
        "/dags/orders", "/dags/orders/grid", "/dags/none", f"/runs/{room.failed}", f"/runs/{room.failed}/why",
        f"/attempts/{number}", f"/attempts/{number}/log",
    ):  # fmt: skip
        answer = room.see(path, "eve")
        assert answer.status == 404 and b"did you mean" not in answer.body, path
    assert ids(room.json("/runs", "eve")["items"]) == [room.quiet]


def test_a_list_that_has_not_changed_is_not_sent_again(room):
    first = room.see("/dags")
    again = room("GET", "/api/v1/dags", who="ann", headers={"if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


def test_a_cursor_fits_only_the_question_it_was_given_for(room):
    cursor = room.json("/runs?limit=1")["next"]
    assert room.see(f"/runs?limit=1&cursor={cursor}").status == 200
    swapped = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    for path in (
        f"/runs?limit=1&state=failed&cursor={cursor}", f"/dags?cursor={cursor}", f"/runs?cursor={swapped}",
        "/runs?cursor=", "/runs?cursor=%F0%9F%92%A9", "/runs?cursor=AAAA", f"/runs?cursor={cursor}A",
        f"/runs?cursor={'A' * 1900}",
    ):  # fmt: skip
        answer = room.see(path)
        assert answer.status == 422, path
        assert "begin without one" in answer.json["detail"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/runs?stat=failed", "did you mean state?"),
        ("/runs?state=faild", "did you mean failed?"),
        ("/runs?kind=x", "there are scheduled, manual"),
        ("/runs?since=yesterday", "is no moment"),
        ("/runs?since=999999999d", "is no moment"),
        ("/runs?limit=201", "200 or less is wanted"),
        ("/runs?limit=0", "1 or more is wanted"),
        ("/runs?limit=many", "a whole number is wanted"),
        ("/runs?backfill=1e3", "a whole number is wanted"),
        ("/runs?slot=2026-04-01", "say dag= too"),
        ("/runs?dag=%00", "printable"),
        ("/dags?sort=size", "'name', '-name'"),
        ("/dags?state=bad", "there are queued"),
        ("/dags?paused=perhaps", "true or false is wanted"),
        ("/dags/orders/slots?when=2026-13", "not a moment"),
        ("/dags/orders/slots?when=2026-05..2026-04", "backwards"),
        ("/dags/orders/logs", "it is needed, and missing"),
        ("/dags/orders/logs?date=0001-01-01&level=loud", "no line ever has the level"),
        ("/attempts/one", "a whole number is wanted"),
        ("/attempts/-1", "1 or more is wanted"),
        ("/attempts/99999999999999999999", "or less is wanted"),
        ("/runs?limit=1&limit=x", "a whole number is wanted"),
    ],
)
def test_what_is_wrong_is_said_with_what_is_allowed(room, path, said):
    answer = room.see(path)
    assert answer.status == 422, answer
    assert said in answer.body.decode(), answer.body


def test_an_unknown_name_names_the_nearest(room):
    assert "did you mean orders?" in room.see("/dags/ordes").json["detail"]
    assert "did you mean orders@day-96" in room.see(f"/runs/{room.failed[:-1]}").json["detail"]
    for path in (
        "/attempts/4711",
        "/backfills/4711",
        "/runs/4711",
        "/dags/orders/diff?old=9",
        "/dags/orders/graph?version=9",
    ):
        assert room.see(path).status == 404, path


def test_instants_and_ids_are_texts_everywhere(room):
    def look(value, path=""):
        if isinstance(value, dict):
            for name, one in value.items():
                if name.endswith(("_at", "_id")) and one is not None:
                    assert isinstance(one, str), f"{path}.{name}"
                look(one, f"{path}.{name}")
        elif isinstance(value, list):
            for one in value:
                look(one, path)

    for path in ("/overview", "/dags", "/dags/orders", "/runs", f"/runs/{room.failed}", "/backfills/1", "/audit"):
        look(room.json(path), path)
        assert json.dumps(room.json(path))
