"""One key, one request, one answer."""

import pytest

from tests.unit.engine.driver import BOOM

KEY = {"idempotency-key": "once"}


def post(office, path, body, who="root", headers=None):
    return office("POST", f"/api/v1{path}", body, who, KEY if headers is None else headers)


def test_a_key_that_was_used_for_another_body_is_refused_and_nothing_is_done(office):
    assert post(office, "/dags/pause", {"dags": ["mine"]}).status == 200
    for path, body in (
        ("/dags/pause", {"dags": ["mine"], "hard": True}), ("/dags/pause", {"dags": ["theirs"]}),
        ("/dags/unpause", {"dags": ["mine"]}), ("/runs/cancel", {"select": {"dag": "mine"}}),
    ):  # fmt: skip
        answer = post(office, path, body)
        assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
        assert "this Idempotency-Key was used for another request at 1972-09-27T00:00:00Z" in answer.json["detail"]
    assert len(office.desk.asked) == 1


def test_the_same_words_in_another_order_are_the_same_request(office):
    first, again = (
        office("POST", "/api/v1/dags/pause", body, headers=KEY | {"content-type": "application/json"})
        for body in (b'{"dags": ["mine"], "hard": true}', b'{"hard":true,"dags":["mine"]}')
    )
    assert (first.status, again.status, again.body) == (200, 200, first.body)


def test_a_selection_that_is_sent_again_has_the_answer_it_had_not_the_one_it_would_have_now(office):
    runs = {office.run("mine", day, BOOM) for day in range(2)}
    body = {"select": {"states": ["failed"]}}
    first = post(office, "/runs/rerun", body)
    assert {one["object"] for one in first.json["done"]} == runs
    office.run("theirs", 5, BOOM)
    again = post(office, "/runs/rerun", body)
    assert (again.body, again.headers["content-type"]) == (first.body, "application/json")
    assert len(office.desk.asked) == 2


def test_a_refusal_by_the_owner_is_an_answer_too(office):
    run = office.run("mine", 0, BOOM)
    answers = [post(office, "/runs/cancel", {"runs": [run]}) for _ in range(2)]
    assert [one.status for one in answers] == [409, 409]
    assert (answers[0].body, answers[0].headers["content-type"]) == (answers[1].body, "application/problem+json")
    assert len(office.desk.asked) == 1


@pytest.mark.parametrize("body", [{"dags": ["mien"]}, {"dags": []}, {"dags": ["mine"], "until": "yesterday-ish"}])
def test_what_was_refused_before_anything_was_asked_for_gives_its_key_back(office, body):
    assert post(office, "/dags/pause", body).status in (404, 422)
    assert post(office, "/dags/pause", {"dags": ["mine"]}).status == 200


def test_what_may_have_been_done_keeps_its_key(office):
    office.desk.there = False
    assert post(office, "/dags/pause", {"dags": ["mine"]}).status == 503
    office.desk.there = True
    assert post(office, "/dags/pause", {"dags": ["theirs"]}).status == 422
    assert post(office, "/dags/pause", {"dags": ["mine"]}).status == 200


def test_a_dry_run_uses_no_key(office):
    body = {"dags": ["mine"], "date": "1972-09-20"}
    for dry in (True, False, True):
        assert post(office, "/dags/trigger", body | {"dry_run": dry}).status == 200
    office("DELETE", "/api/v1/pools/p?dry_run=true", headers=KEY)
    assert len(office.desk.asked) == 1


def test_another_caller_may_use_the_same_key(office):
    office.principal("otto", ("operator", "*"))
    assert post(office, "/dags/pause", {"dags": ["mine"]}).status == 200
    assert post(office, "/dags/pause", {"dags": ["theirs"]}, "otto").status == 200


def test_a_key_of_an_archive_is_not_one_of_another(office):
    first, again, other = (
        office("POST", f"/api/v1/deploy?label={label}", data, headers=KEY)
        for label, data in (("v1", b"mine"), ("v1", b"mine"), ("v1", b"theirs"))
    )
    assert (first.status, again.body, other.status) == (200, first.body, 422)


def test_a_token_is_not_kept_with_its_key(office):
    """What is shown once would lie there for a day."""
    office.gate.people.add_user("dora", (), "correct horse battery staple", "root", office.world.now)
    body = {"name": "ci", "role": "viewer", "select": "*", "days": 1, "user": "dora"}
    assert [post(office, "/tokens", body).status for _ in range(2)] == [201, 409]
    assert all(not claim.answer for claim in office.claims._claims.values())


def test_a_key_that_is_too_long_is_refused(office):
    answer = post(office, "/dags/pause", {"dags": ["mine"]}, headers={"idempotency-key": "k" * 201})
    assert (answer.status, "longer than 200" in answer.json["detail"]) == (422, True)
