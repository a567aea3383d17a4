"""What people fear in a crontab is said when it is imported."""

import json
from pathlib import Path

import pytest

from segue.cli.main import main

SEVEN = ("extract", "clean", "join", "aggregate", "publish")


def imported(text: str, folder: Path, capsys) -> dict:
    (folder / "crontab").write_text(text)
    assert main(["import", "crontab", str(folder / "crontab"), "--timezone", "UTC", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def kinds(found: dict) -> list[str]:
    return [risk["kind"] for risk in found["risks"]]


def test_s16_staggered_times_are_reported_as_the_dependencies_they_stand_for(tmp_path: Path, capsys):
    text = "".join(f"0 {hour} * * * /etl/{name}.sh\n" for hour, name in enumerate(SEVEN, 1))
    found = imported(text, tmp_path, capsys)
    assert [(edge["upstream"], edge["downstream"], edge["minutes"]) for edge in found["edges"]] == [
        (up, down, 60) for up, down in zip(SEVEN, SEVEN[1:], strict=False)
    ]
    assert kinds(found) == ["staggered"] * 4
    assert all("done or not" in risk["text"] for risk in found["risks"])


def test_s16_widened_windows_are_reported(tmp_path: Path, capsys):
    text = "0 2 * * * /etl/extract.sh\n30 3 * * * /etl/clean.sh\n0 5 * * * /etl/join.sh\n"
    found = imported(text, tmp_path, capsys)
    widened = [risk["text"] for risk in found["risks"] if risk["kind"] == "widened"]
    assert [text.partition(" look")[0] for text in widened] == ["the 90 min before clean", "the 90 min before join"]


def test_s16_the_gap_of_the_gamble_is_removed(tmp_path: Path, capsys):
    found = imported("0 1 * * * /jobs/ingest.py\n0 3 * * * /jobs/report.py\n", tmp_path, capsys)
    assert [(edge["upstream"], edge["downstream"], edge["minutes"]) for edge in found["edges"]] == [
        ("ingest", "report", 120)
    ]
    assert kinds(found) == ["staggered", "widened"]


def test_s16_extract_load_and_refresh_of_the_last_chapter(tmp_path: Path, capsys):
    text = "0 2 * * * pull_events.py > /data/events.json\n0 3 * * * load_events.py /data/events.json\n"
    found = imported(text + "0 4 * * * refresh_dashboard.sh\n", tmp_path, capsys)
    assert [(edge["upstream"], edge["downstream"]) for edge in found["edges"]] == [
        ("pull_events", "load_events"), ("load_events", "refresh_dashboard"),
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), [("*/10 * * * * /x", "overlap"), ("0 1 * * * /x $(date +\\%F)", "date")])
def test_s16_overlap_and_dates_of_the_clock_are_reported(text, kind, tmp_path: Path, capsys):
    assert kinds(imported(text, tmp_path, capsys)) == [kind]


def test_s16_six_nightly_jobs_wait_for_what_they_read(tmp_path: Path, capsys):
    text = """
0 1 * * * pull_postgres.py > /d/orders.csv
0 1 * * * pull_stripe.py > /d/payments.csv
0 2 * * * clean_orders.py /d/orders.csv
0 2 * * * clean_payments.py /d/payments.csv
0 3 * * * join_orders_and_payments.py
0 4 * * * publish_fact_table.py
"""
    found = imported(text, tmp_path, capsys)
    assert [(edge["upstream"], edge["downstream"]) for edge in found["edges"]] == [
        ("pull_postgres", "clean_orders"), ("pull_stripe", "clean_payments"),
        ("clean_orders", "join_orders_and_payments"), ("clean_payments", "join_orders_and_payments"),
        ("join_orders_and_payments", "publish_fact_table"),
    ]  # fmt: skip
