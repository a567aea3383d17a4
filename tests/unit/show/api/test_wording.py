"""What is wrong is said in our words, and by the names that a request has."""

import pytest

from segue.show.api.wording import plain


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/runs?limit=0", "query.limit: 1 or more is wanted, not '0'"),
        ("/runs?limit=201", "query.limit: 200 or less is wanted, not '201'"),
        ("/runs?limit=two", "query.limit: a whole number is wanted, not 'two'"),
        ("/runs?backfill=1.5", "query.backfill: a whole number is wanted, not '1.5'"),
        ("/runs?sort=best", "query.sort: 'newest', 'oldest'"),
        ("/attempts/x", "path.attempt: a whole number is wanted, not 'x'"),
        ("/runs/x/events?newest=perhaps", "query.newest: true or false is wanted, not 'perhaps'"),
        (f"/runs?error={'e' * 501}", "query.error: at most 500 characters is wanted"),
    ],
)
def test_a_parameter_of_a_wrong_kind_is_told_in_our_words(office, path, words):
    answer = office("GET", f"/api/v1{path}")
    assert answer.status == 422
    assert answer.json["detail"].startswith(words), answer.json["detail"]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/dags/pause", {"dags": "mine"}, "body.dags: a list is wanted, not this text"),
        ("/dags/pause", {"dags": ["mine"], "hard": 2}, "body.hard: true or false is wanted, not this number"),
        ("/dags/trigger", {"dags": ["mine"], "params": []}, "body.params: an object is wanted, not a list"),
        ("/dags/trigger", {"dags": [None]}, "body.dags.0: a text is wanted, not null"),
        ("/runs/mark", {"runs": ["r"], "state": "success", "reason": "x"}, "body.task: it is needed, and missing"),
        ("/runs/cancel", {"runs": [{}]}, "body.runs.0: a text is wanted, not an object"),
    ],
)
def test_a_body_of_a_wrong_kind_is_told_in_our_words(office, path, body, words):
    answer = office("POST", f"/api/v1{path}", body)
    assert (answer.status, answer.json["detail"]) == (422, words)


def test_a_body_that_does_not_say_that_it_is_json_is_told_how_to(office):
    answer = office("POST", "/api/v1/dags/pause", {"dags": ["mine"]}, headers={"content-type": "text/plain"})
    assert (answer.status, "send it with `Content-Type: application/json`" in answer.json["detail"]) == (422, True)


def test_what_a_body_has_where_a_secret_belongs_is_not_said_again(office):
    answer = office("PUT", "/api/v1/secrets/api_key", {"value": 4711471147})
    assert (answer.status, b"4711" in answer.body) == (422, False)


def test_sentences_name_keys_where_the_command_line_has_options(office):
    for body, words in (
        ({"dags": ["manual"], "date": "1972-09-20"}, "leave `date` out"),
        ({"dags": ["mine"], "date": "1972-09-20", "interval": "a..b"}, "`date` and `interval` both name the interval"),
        ({"dags": ["mine"], "interval": "a..b"}, "`interval` a..b: write A..B"),
    ):
        answer = office("POST", "/api/v1/dags/trigger", body)
        assert (answer.status, words in answer.json["detail"]) == (422, True), answer.json["detail"]
    made = office.objects("mine")
    answer = office("POST", "/api/v1/runs/rerun", {"runs": [made["running"]]})
    assert "or ask with `replace`" in answer.json["detail"]
    plan = office("POST", "/api/v1/dags/trigger", {"dags": ["mine"], "dry_run": True})
    assert "(another: `date`)" in plan.json["notes"][0]


def test_a_command_is_left_as_it_is():
    assert plain("`segue release r t --from now` or --force") == "`segue release r t --from now` or `force`"
    assert plain("--fromage") == "--fromage"
