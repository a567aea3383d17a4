import json

import pytest

from segue.model.alerts import Alert
from segue.model.ids import Instant, RunKey
from segue.model.views import AlertView
from segue.tell.letters import distress_letter, letter_of, trial_letter

AT = Instant(1_775_001_600_000_000)  # 2026-04-01 00:00 UTC
RUN = RunKey("daily_orders", "2026-04-01", 1)
FAILED = Alert(
    "daily_orders@2026-04-01", "failed", AT, "daily_orders", RUN, "load", "2026-04-01", "dana",
    "load failed: ConnectionError: refused; 2 tasks below it will not run as planned",
    (("load", "ConnectionError: refused"),), f"segue retry {RUN}",
)  # fmt: skip


def test_a_letter_names_dag_task_date_owner_log_and_what_to_do():
    letter = letter_of(AlertView(FAILED, AT), zone="Europe/Berlin", log="/home/logs/1.jsonl")
    assert letter.subject == "[segue] failed: daily_orders@2026-04-01 load"
    assert letter.text.splitlines() == [
        "load failed: ConnectionError: refused; 2 tasks below it will not run as planned",
        "DAG:     daily_orders",
        "task:    load",
        "run:     daily_orders@2026-04-01",
        "date:    2026-04-01",
        "owner:   dana",
        "since:   2026-04-01 02:00:00+02:00",
        "log:     segue logs daily_orders@2026-04-01 load  (/home/logs/1.jsonl)",
        "do:      segue retry daily_orders@2026-04-01",
    ]


def test_programs_get_the_same_as_fields():
    said = json.loads(letter_of(AlertView(FAILED, AT, ("x failed",)), log="/l").json())
    assert {name: said[name] for name in ("kind", "dag_id", "task_id", "run_id", "date", "owner", "command")} == {
        "kind": "failed", "dag_id": "daily_orders", "task_id": "load", "run_id": "daily_orders@2026-04-01",
        "date": "2026-04-01", "owner": "dana", "command": "segue retry daily_orders@2026-04-01",
    }  # fmt: skip
    assert said["causes"] == ["load: ConnectionError: refused", "x failed"]
    assert (said["log"], said["log_file"]) == ("segue logs daily_orders@2026-04-01 load", "/l")
    assert said["id"] == f"daily_orders@2026-04-01/failed/{AT}"
    assert "load failed" in said["message"]


def test_a_run_without_interval_has_the_day_on_which_it_happened():
    alert = Alert("d", "failed", AT, "d", RunKey("d", "manual-1", 1), text="t")
    assert "date:    2026-03-31" in letter_of(AlertView(alert, AT), zone="America/New_York").text
    assert "log:" not in letter_of(AlertView(alert, AT)).text


def test_an_alert_about_several_dags_names_them():
    alert = Alert("", "missed", AT, text="t", causes=(("a", "3 left out"), ("b@1", "late")), command="segue backfill a")
    letter = letter_of(AlertView(alert, AT))
    assert letter.subject == "[segue] left out: several DAGs"
    assert "DAG:     a, b" in letter.text
    assert "cause:   a: 3 left out" in letter.text
    assert letter.key == f"-/missed/{AT}"


def test_a_long_list_of_causes_is_cut_and_counted():
    view = AlertView(FAILED, AT, tuple(f"cause {at}" for at in range(30)))
    lines = letter_of(view).text.splitlines()
    assert [line for line in lines if line.startswith("cause")][-2:] == ["cause:   cause 9", "cause:   and 20 more"]


@pytest.mark.parametrize("thing", ["d@2026-04-01T05:00+02:00/load", "d\r\nX: y", "ü/ß", ""])
def test_a_key_can_stand_in_a_header(thing: str):
    key = letter_of(AlertView(Alert(thing, "held", AT), AT)).key
    assert key.isascii() and key.isprintable() and " " not in key


def test_things_that_differ_have_keys_that_differ():
    keys = {letter_of(AlertView(Alert(thing, "held", AT), AT)).key for thing in ("a/b", "a%2Fb", "a b", "a", "-b")}
    assert len(keys) == 5


def test_the_dead_mans_switch_says_where_and_since_when():
    dead = distress_letter("dead", "/home", 60_000_000, AT)
    assert dead.subject.endswith("is silent")
    assert "No turn has been taken for 1 min 00 s" in dead.text
    assert "2026-04-01 00:00:00+00:00" in dead.text
    back = distress_letter("back", "/home", 60_000_000, AT)
    assert back.subject.endswith("is back")
    assert (dead.key, back.key) == (f"scheduler/dead/{AT}", f"scheduler/back/{AT}")


def test_a_trial_says_who_tries():
    letter = trial_letter("oncall", "ana", "k1")
    assert "oncall" in letter.text and "ana" in letter.text
    assert letter.key == "test/k1"
