"""From trouble to good data: release, reject, rerun --failed, --from, diff, hooks, pools, as a person types them."""

from pathlib import Path

import pytest

from tests.e2e.commands import Project

SHOP = """
from pathlib import Path
from segue import Context, Interval, dag, daily, group, injected, task

def tell(context: Context) -> None:
    with Path(".segue/told.txt").open("a") as told:
        told.write(f"{context.run_id} {context.task_id}\\n")

@task
def extract(interval: Interval = injected) -> list[int]:
    return [] if interval.ds == "2026-04-02" else [1, 2, 3]

@task
def count(rows: list[int]) -> int:
    return len(rows)

@task(on_failure=tell, on_success=tell)
def check(rows: int) -> int:
    if rows == 3:  # the bug
        raise ValueError("three is wrong")
    return rows

@dag(schedule=daily(), start="2026-04-01", on_failure=tell, on_success=tell)
def shop() -> None:
    with group("core"):
        counted = count(extract())
    check(counted)
"""
DAY, EMPTY = "shop@2026-04-01", "shop@2026-04-02"


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = Project(tmp_path / "shop", workers=2)
    project.write("shop.py", SHOP)
    return project


def mend(shop: Project) -> None:
    shop.write("shop.py", SHOP.replace("rows == 3:  # the bug", "rows > 3:"))


def states(shop: Project, run: str) -> dict[str, str]:
    return {entry.label: str(entry.state) for entry in shop.detail(run).entries()}


def test_zero_rows_of_a_source_are_held_and_the_two_ways_on_are_printed(shop):
    done = shop.segue("run", "shop.py", "--date", "2026-04-02")
    assert done.returncode == 4
    for words in (f"segue release {EMPTY} core.extract --reason", f"segue reject {EMPTY} core.extract --reason"):
        assert words in done.stdout
    assert states(shop, EMPTY) == {"core.extract": "held", "core.count": "pending", "check": "pending"}
    assert "it returned 0 rows" in shop.segue("why", EMPTY).stdout


def test_a_release_goes_on_without_running_the_code_again(shop):
    shop.segue("run", "shop.py", "--date", "2026-04-02")
    done = shop.segue("release", EMPTY, "--reason", "a holiday")
    assert done.returncode == 0, done.stdout
    assert set(states(shop, EMPTY).values()) == {"success"}
    assert shop.detail(EMPTY).begun()["core.extract", None] == 1
    shop.check_nothing_is_left()


def test_what_is_released_from_now_on_is_not_held_in_a_comparable_slot_again(shop):
    shop.write("shop.py", SHOP.replace('"2026-04-02"', "interval.ds"))  # always empty
    assert shop.segue("run", "shop.py", "--date", "2026-04-02").returncode == 4
    shop.segue("release", EMPTY, "core.extract", "--reason", "closed on Thursdays", "--from-now-on")
    assert shop.segue("run", "shop.py", "--date", "2026-04-09").returncode == 0, "a Thursday too"
    assert shop.segue("run", "shop.py", "--date", "2026-04-10").returncode == 4, "a Friday"


def test_a_rejection_fails_the_task_with_the_reason(shop):
    shop.segue("run", "shop.py", "--date", "2026-04-02")
    done = shop.segue("reject", EMPTY, "core.extract", "--reason", "yesterday's file")
    assert done.returncode == 1 and "yesterday's file" in done.stdout
    assert states(shop, EMPTY) == {
        "core.extract": "failed",
        "core.count": "upstream_failed",
        "check": "upstream_failed",
    }


@pytest.mark.parametrize("verb", ["release", "reject"])
def test_only_what_is_held_is_released_or_rejected(shop, verb):
    shop.segue("run", "shop.py", "--date", "2026-04-02")
    done = shop.segue(verb, EMPTY, "check", "--reason", "x")
    assert done.returncode == 2 and "check of shop@2026-04-02 is not held: core.extract is" in done.stdout
    assert "reason" in shop.segue(verb, EMPTY).stdout


def test_in_the_environment_dev_a_guard_warns(shop):
    assert shop.segue("run", "shop.py", "--date", "2026-04-02", "--env", "dev").returncode == 0
    [extract] = [one for one in shop.detail(EMPTY).attempts if one.key.task == "core.extract"]
    assert any("0 rows" in note for note in extract.notes)


def test_a_rerun_of_what_failed_takes_over_the_rest(shop):
    assert shop.segue("run", "shop.py", "--date", "2026-04-01").returncode == 1
    mend(shop)
    retried = shop.segue("retry", DAY)
    assert retried.returncode == 1 and f"segue rerun --failed {DAY}" in retried.stdout, "a retry keeps the old code"
    asked = shop.segue("rerun", "--failed", DAY, "--dry-run")
    assert "reused  core.extract" in asked.stdout and "runs    check" in asked.stdout
    with pytest.raises(AssertionError, match="no run"):
        shop.detail(f"{DAY}.2")
    done = shop.segue("rerun", "--failed", DAY)
    assert done.returncode == 0, done.stdout
    assert shop.detail(f"{DAY}.2").begun() == {("check", None): 1}
    assert shop.segue("show", f"{DAY}.2", "--all").stdout.count(f"reused from {DAY}") == 2


def test_a_rerun_from_a_task_runs_it_and_what_follows(shop):
    shop.segue("run", "shop.py", "--date", "2026-04-01")
    mend(shop)
    assert shop.segue("rerun", "--from", "core.count", DAY).returncode == 0
    assert shop.detail(f"{DAY}.2").begun() == {("core.count", None): 1, ("check", None): 1}
    refused = shop.segue("rerun", "--from", "core.cuont", DAY)
    assert (
        refused.returncode == 1
        and "core.cuont: there is no such task" in refused.stdout
        and "core.count" in refused.stdout
    ), "the nearest is named"


def test_a_group_is_retried_as_one(shop):
    shop.segue("run", "shop.py", "--date", "2026-04-01")
    shop.segue("retry", DAY, "group:core")
    assert shop.detail(DAY).begun() == {("core.extract", None): 2, ("core.count", None): 2, ("check", None): 2}


def test_hooks_are_called_once_for_each_end(shop):
    shop.segue("run", "shop.py", "--date", "2026-04-01")
    mend(shop)
    shop.segue("rerun", "--failed", DAY)
    told = (shop.home / "told.txt").read_text().splitlines()
    assert sorted(told) == sorted([f"{DAY} check", f"{DAY} ", f"{DAY}.2 check", f"{DAY}.2 "])


def test_diff_shows_the_code_that_changed(shop):
    shop.segue("run", "shop.py", "--date", "2026-04-01")
    assert "same code, tasks and params" in shop.segue("diff", DAY).stdout
    mend(shop)
    said = shop.segue("diff", DAY).stdout
    assert "-    if rows == 3:  # the bug" in said and "+    if rows > 3:" in said and "function" in said
    shop.segue("rerun", DAY)
    between = shop.run_json("diff", DAY, f"{DAY}.2")
    assert between["tasks"] == [["check", "function"]] and [one["file"] for one in between["files"]] == ["shop.py"]


def test_a_pool_that_does_not_exist_holds_its_tasks_back_until_it_is_set(shop):
    shop.write("shop.py", SHOP.replace("@task\ndef count", '@task(pool="warehouse")\ndef count'))
    process = shop.start("run", "shop.py", "--date", "2026-04-03")
    try:
        while "segue pool set warehouse" not in shop.segue("why", "shop@2026-04-03").stdout:
            assert process.poll() is None
        assert shop.segue("pool", "set", "warehouse", "2").returncode == 0
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1 and "three is wrong" in said, "it went on, as far as its bug lets it"
    assert shop.segue("pool", "list").stdout.split()[-4:] == ["warehouse", "2", "0", "0"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("pool", "set", "warehouse"), 2, "pool set NAME SLOTS"),
        (("pool", "set", "warehouse", "--", "-1"), 1, "cannot have -1 slots"),
        (("pool", "remove", "nowhere"), 1, "no pool nowhere"),
        (("pool", "set", "a b", "1"), 1, "cannot name a pool"),
    ],
)
def test_a_pool_that_cannot_be_is_refused(shop, words, code, message):
    done = shop.segue(*words)
    assert done.returncode == code and message in done.stdout
