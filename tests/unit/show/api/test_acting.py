"""Acts over HTTP: who is reached, what is answered, and what a repeated request gets."""

import pytest

from segue.model.pages import AuditQuery
from segue.model.value import decode
from segue.show.plans.triggering import MOST_PARAMS
from tests.unit.engine.driver import BOOM

KEY = {"idempotency-key": "once"}


@pytest.fixture(autouse=True)
def olaf(office):
    office.principal("olaf", ("operator", "mine"), ("viewer", "manual"))


def post(office, path, body, who="root", headers=None):
    return office("POST", f"/api/v1{path}", body, who, headers)


# ------------------------------------------------------------------------------------------------------------- reaching
def test_of_several_objects_those_that_may_be_seen_are_refused_by_name_and_others_do_not_exist(office):
    answer = post(office, "/dags/trigger", {"dags": ["mine", "manual", "theirs", "nothing"]}, "olaf")
    assert answer.status == 200
    assert [one["object"] for one in answer.json["done"]] == ["mine@1972-09-26"]
    whys = {one["object"]: one["why"] for one in answer.json["refused"]}
    assert whys["manual"].startswith("this needs the role operator on DAG manual")
    assert (whys["theirs"], whys["nothing"]) == ("there is no DAG theirs", "there is no DAG nothing")
    assert [what for who, what, _ in office.gate.denied] == ["manual", "theirs", "nothing"]


def test_what_may_be_seen_and_not_acted_on_is_not_allowed_and_what_may_not_be_seen_is_not_there(office):
    assert post(office, "/dags/pause", {"dags": ["manual"]}, "olaf").status == 403
    answer = post(office, "/dags/pause", {"dags": ["theirs"]}, "olaf")
    assert (answer.status, answer.json["detail"]) == (404, "there is no DAG theirs")


def test_names_of_others_are_no_hints(office):
    run = office.run("theirs", 0, BOOM)
    answer = post(office, "/runs/retry", {"runs": [run[:-1]]}, "olaf")
    assert answer.status == 404
    assert run not in answer.json["detail"]
    assert run in post(office, "/runs/retry", {"runs": [run[:-1]]}).json["detail"], "who sees all is told the nearest"


def test_a_selection_reaches_what_the_caller_may_act_on_and_no_more(office):
    mine, theirs = office.run("mine", 0, BOOM), office.run("theirs", 0, BOOM)
    plan = post(office, "/runs/rerun", {"select": {"states": ["failed"]}, "dry_run": True}, "olaf").json
    assert (plan["runs"], plan["total"], plan["refused"]) == ([mine], 1, [])
    assert plan["causes"] == [{"text": "boom", "count": 1}]
    answer = post(office, "/runs/rerun", {"select": {"dag": "*", "states": ["failed"]}}, "olaf")
    assert [one["object"] for one in answer.json["done"]] == [mine]
    assert theirs not in answer.body.decode()


@pytest.mark.parametrize(
    ("select", "total"),
    [
        ({"kinds": ["manual"]}, 2), ({"kinds": ["backfill"]}, 0), ({"backfill": 9}, 0), ({"owner": "nobody"}, 0),
        ({"until": "2000-01-01"}, 2), ({"until": "1970-01-02"}, 0), ({"since": "1970-01-02"}, 2),
    ],
)  # fmt: skip
def test_what_a_list_of_runs_is_filtered_by_selects_too(office, select, total):
    office.run("mine", 0, BOOM), office.run("theirs", 0, BOOM)
    plan = post(office, "/runs/rerun", {"select": {"dag": "*", "states": ["failed"], **select}, "dry_run": True})
    assert plan.json["total"] + len(plan.json["refused"]) == total, plan.body


def test_dags_are_selected_by_the_words_of_the_terminal(office):
    answer = post(office, "/dags/pause", {"select": "tag:retail", "reason": "bank holiday"})
    assert [one["object"] for one in answer.json["done"]] == ["mine"]
    assert office.world.store.dags["mine"].timing.paused
    assert post(office, "/dags/pause", {"select": "theirs"}, "olaf").status == 422, "as if it did not exist"


def test_a_pool_that_none_of_ones_dags_asks_for_is_not_there(office):
    office.principal("olaf", ("operator", "mine"))
    assert office("PUT", "/api/v1/pools/etl", {"slots": 2}).status == 200
    assert [one["name"] for one in office("GET", "/api/v1/pools").json] == ["etl"]
    assert office("GET", "/api/v1/pools", who="olaf").json == []
    assert [one["name"] for one in office("GET", "/api/v1/resources").json["pools"]] == ["etl"]
    assert office("GET", "/api/v1/resources", who="olaf").json["pools"] == []


def test_the_events_of_a_dag_that_is_not_there_are_no_endless_stream(office):
    assert office("GET", "/api/v1/events?dag=nope").status == 404


def test_a_silence_reaches_no_further_than_whoever_asks_for_it(office):
    office.principal("olga", ("operator", "mine"), ("viewer", "*"))
    office.principal("olaf", ("operator", "mine"))
    for who, select in (("olga", "theirs"), ("olga", "*"), ("olaf", "theirs"), ("olaf", "nobody")):
        assert post(office, "/alerts/silence", {"select": select, "until": "2h"}, who).status == 403, (who, select)
    for select in ("mine,theirs", "mine,nobody", "*"):  # whether there is another DAG is not to be found out
        answer = post(office, "/alerts/silence", {"select": select, "until": "2h"}, "olaf")
        assert answer.status == 200, answer.body
    assert {one.act.selection for one in office.desk.asked} == {"mine"}


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/runs/retry", {}, "either `runs`"),
        ("/runs/retry", {"runs": ["a"], "select": {"dag": "*"}}, "either `runs`"),
        ("/runs/retry", {"select": {}}, "selects nothing"),
        ("/runs/retry", {"select": {"states": ["faild"]}}, "did you mean failed?"),
        ("/runs/retry", {"run": ["a"]}, "did you mean runs?"),
        ("/runs/retry", {"select": {"dagg": "a"}}, "body.select has no key 'dagg': did you mean dag?"),
        ("/runs/retry", {"runs": "mine"}, "body.runs"),
        ("/runs/retry", {"runs": [7]}, "body.runs"),
        ("/runs/retry", {"runs": ["x"] * 1_001}, "1,000 are the most"),
        ("/runs/mark", {"runs": ["a"], "task": "a", "state": "green", "reason": "x"}, "body.state"),
        ("/runs/mark", {"runs": ["a"], "task": "a", "state": "success", "reason": " "}, "say why"),
        ("/runs/release", {"runs": ["a"], "reason": "x" * 2_001}, "2,000 are the most"),
        ("/dags/trigger", {"dags": ["mine"], "date": "yesterday"}, "not a moment"),
        ("/dags/trigger", {"dags": ["mine"], "date": "1972-09-25", "interval": "a..b"}, "leave one of them out"),
        ("/dags/trigger", {"dags": ["manual"], "params": {"regoin": "eu"}}, "did you mean region?"),
        ("/dags/trigger", {"dags": ["manual"], "params": {"region": 7}}, "region"),
        ("/dags/trigger", {"dags": ["manual"], "params": {"region": [2**64]}}, "region[0] is a number of more than 64"),
        ("/dags/pause", {"dags": ["mine"], "until": "1971-01-01"}, "has passed"),
        ("/dags/unpause", {"dags": ["mine"], "run": "all"}, "body.run"),
        ("/dags/mine/backfills", {"range": "1972-09-26..1972-09-20"}, "backwards"),
        ("/dags/mine/backfills", {"range": "1972-09-20", "only": ["mising"]}, "did you mean missing?"),
        ("/dags/mine/backfills", {"range": "1972-09-20", "cap": 0}, "between 1 and 1,000"),
        ("/dags/mine/backfills", {"range": "1972-09-20", "order": "random"}, "body.order"),
        ("/backfills/pause", {"select": {}}, "selects nothing"),
        ("/alerts/silence", {"select": "nobody", "until": "2h"}, "names no DAG"),
    ],
)
def test_a_body_that_makes_no_sense_is_explained(office, path, body, message):
    answer = post(office, path, body)
    assert (answer.status, message in answer.json["detail"]) == (422, True), answer.json["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"x"', b'{"runs": NaN}', b'{"runs": ["\\ud800"]}', b'{"runs": ["a\\u0000"]}',
        b'{"runs": ' + b"[" * 50_000, b'{"runs": ["\xff"]}', b'{"runs": [1e999]}', b'{"\\u0000": 1}',
    ],
)  # fmt: skip
def test_a_body_that_no_store_could_keep_is_refused(office, body):
    answer = office("POST", "/api/v1/runs/retry", body, headers={"content-type": "application/json"})
    assert answer.status in (400, 422), answer


# -------------------------------------------------------------------------------------------------------------- answers
def test_where_nothing_was_done_the_answer_is_a_conflict_that_says_why(office):
    run = office.run("mine", 0, BOOM)
    answer = post(office, "/runs/cancel", {"runs": [run]})
    assert answer.status == 409
    assert answer.json["errors"] == [{"where": run, "detail": f"{run} has ended: failed"}]


def test_where_some_was_done_both_are_told(office):
    ended, running = office.run("mine", 0, BOOM), office.run("mine", 1)
    answer = post(office, "/runs/cancel", {"runs": [ended, running]})
    assert answer.status == 200
    assert [one["object"] for one in answer.json["done"]] == [running]
    assert [one["object"] for one in answer.json["refused"]] == [ended]


def test_a_selection_that_means_nothing_is_good(office):
    answer = post(office, "/runs/cancel", {"select": {"dag": "mine"}})
    assert (answer.status, answer.json) == (200, {"done": [], "refused": [], "pending": []})


def test_without_an_owner_the_caller_comes_again(office):
    office.desk.there = False
    answer = post(office, "/dags/pause", {"dags": ["mine"]})
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


def test_what_is_not_answered_in_time_can_be_asked_for_later_by_whoever_asked(office):
    office.desk.deaf = True
    answer = post(office, "/dags/pause", {"dags": ["mine"]}, "olaf", KEY)
    [pending] = answer.json["pending"]
    assert (answer.status, answer.headers["location"]) == (202, pending["url"])
    waiting = office("GET", pending["url"], who="olaf")
    assert (waiting.status, waiting.json["ok"], waiting.json["act"]) == (200, None, "PauseDags")
    office.desk.deaf = False
    post(office, "/dags/pause", {"dags": ["mine"]}, "olaf", KEY)
    told = office("GET", pending["url"], who="olaf").json
    assert (told["ok"], told["text"], told["actor"]) == (True, "mine is paused", "olaf")
    office.principal("vera", ("viewer", "mine"))
    assert office("GET", pending["url"], who="vera").status == 404
    assert office("GET", pending["url"], who="root").status == 200


def test_a_request_that_nobody_made_is_not_there(office):
    assert office("GET", "/api/v1/requests/unheard-of").status == 404


# ------------------------------------------------------------------------------------------------- one key, one outcome
def test_a_hundred_posts_with_one_key_make_one_run(office):
    """Catalogue 57."""
    one = ("POST", "/api/v1/dags/trigger", {"dags": ["manual"]}, "root", KEY)
    answers = office.together(*[one] * 100)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len(office.world.store.runs) == 1


def test_the_key_of_one_caller_is_not_that_of_another(office):
    office.principal("otto", ("operator", "*"))
    first = post(office, "/dags/trigger", {"dags": ["manual"]}, "root", KEY).json["done"]
    second = post(office, "/dags/trigger", {"dags": ["manual"]}, "otto", KEY).json["done"]
    assert first[0]["run_id"] != second[0]["run_id"]


def test_without_a_key_each_request_is_another_one(office):
    runs = {post(office, "/dags/trigger", {"dags": ["manual"]}).json["done"][0]["run_id"] for _ in range(3)}
    assert len(runs) == 3


def test_two_people_who_act_on_one_run_at_once_have_one_outcome_and_one_is_told_why(office):
    """Catalogue 58, over HTTP."""
    run = office.run("mine", 0)
    office.principal("otto", ("operator", "*"))
    answers = office.together(
        ("POST", "/api/v1/runs/cancel", {"runs": [run], "now": True}, "root"),
        ("POST", "/api/v1/runs/mark", {"runs": [run], "task": "a", "state": "success", "reason": "it is"}, "otto"),
    )
    assert sorted(answer.status for answer in answers) in ([200, 409], [200, 200], [200, 202])
    refused = [answer.json["detail"] for answer in answers if answer.status == 409]
    assert all("cancelled" in why or "ended" in why for why in refused), refused


# ---------------------------------------------------------------------------------------------------------------- plans
def test_a_dry_run_asks_nobody(office):
    run = office.run("mine", 0, BOOM)
    for path, body in (
        ("/runs/retry", {"runs": [run]}), ("/dags/trigger", {"dags": ["mine"]}), ("/dags/pause", {"select": "*"}),
        ("/drain", {}), ("/dags/mine/backfills", {"range": "1972-09-20..1972-09-24"}),
        ("/alerts/silence", {"select": "mine", "until": "2h"}), ("/alerts/test", {}),
    ):  # fmt: skip
        answer = post(office, path, {**body, "dry_run": True})
        assert answer.status == 200, answer
    assert office.desk.asked == []
    for method, path, body in (
        ("PUT", "/pools/p", {"slots": 1, "dry_run": True}),
        ("PUT", "/secrets/s", {"value": "a-long-secret", "dry_run": True}),
    ):
        assert office(method, f"/api/v1{path}", body).status == 200
    assert office.desk.asked == []


def test_a_plan_of_a_rerun_says_what_is_taken_over(office):
    run = office.run("mine", 0, BOOM)
    plan = post(office, "/runs/rerun", {"runs": [run], "failed": True, "dry_run": True}).json
    assert plan["reuse"][0]["runs"][0] == {"task_id": "a", "text": "it was failed"}
    assert post(office, "/runs/rerun", {"runs": [run], "tasks": ["nope"], "dry_run": True}).status == 409


def test_a_backfill_is_shown_before_it_is_made_and_has_a_number_afterwards(office):
    body = {"range": "1972-09-20..1972-09-24", "reason": "the source was late", "cap": 2}
    plan = post(office, "/dags/mine/backfills", {**body, "dry_run": True}).json
    assert (len(plan["intervals"]), plan["cap"], plan["tasks"]) == (5, 2, ["a", "b"])
    [done] = post(office, "/dags/mine/backfills", body).json["done"]
    row = office.world.store.backfills[int(done["backfill_id"])].row
    assert (row.total, row.reason, row.actor, row.cap) == (5, "the source was late", "root", 2)


def test_a_backfill_of_nothing_makes_none(office):
    office.run("mine", 0, BOOM)
    answer = post(office, "/dags/mine/backfills", {"range": "1972-08-18"})
    assert (answer.status, answer.json["done"]) == (200, [])


# --------------------------------------------------------------------------------------------------------------- params
def test_params_are_kept_as_they_were_given_and_secret_ones_encrypted(office):
    sent = {"region": "$(rm -rf /); {{ ds }} --upload-pack=x", "key": "hunter2hunter2"}
    post(office, "/dags/trigger", {"dags": ["manual"], "params": sent})
    [view] = office.world.store.runs.values()
    params = decode(view.row.params)
    assert params["region"] == sent["region"]
    assert b"hunter2" not in view.row.params
    assert params["key"].endswith(b"sealed")


def test_params_that_are_too_large_are_refused(office):
    answer = post(office, "/dags/trigger", {"dags": ["manual"], "params": {"region": "x" * (MOST_PARAMS + 1)}})
    assert (answer.status, "are the most" in answer.json["detail"]) == (422, True)


def test_whoever_asks_is_written_down(office):
    post(office, "/dags/trigger", {"dags": ["mine"], "reason": "month end"}, "olaf")
    [view] = office.world.store.runs.values()
    assert (view.row.actor, view.row.reason) == ("olaf", "month end")


def test_a_value_of_the_vault_never_comes_back(office):
    answer = office("PUT", "/api/v1/secrets/api_key", {"value": "hunter2hunter2"})
    assert answer.status == 200
    assert office.safe.kept == ["hunter2hunter2"]
    assert b"hunter2" not in answer.body
    assert "hunter2" not in repr(office.desk.asked)


def test_an_act_on_a_selection_has_one_row_each_and_one_with_its_words(office):
    runs = [office.run("mine", day, BOOM) for day in range(2)]
    before = office.audit()
    post(office, "/runs/rerun", {"select": {"dag": "mine", "states": ["failed"]}})
    assert office.audit() - before == len(runs) + 1
    with office.library.read() as reader:
        *rows, parent = reader.audit(AuditQuery(limit=3))
    assert parent.target == "dag mine, states failed"
    assert {one.parent for one in rows} == {parent.request}


def test_of_a_selection_what_is_held_is_released_and_the_rest_was_not_meant(office):
    made = office.objects("mine")
    answer = post(office, "/runs/release", {"select": {"dag": "mine"}, "reason": "a bank holiday"})
    assert [one["object"] for one in answer.json["done"]] == [f"{made['held']}/a"]
    assert answer.json["refused"] == []
    nothing = post(office, "/runs/reject", {"runs": [made["running"]], "reason": "no"})
    assert (nothing.status, nothing.json["detail"]) == (409, f"{made['running']} has no held task")
