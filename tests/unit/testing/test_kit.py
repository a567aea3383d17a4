"""What a run in process is told, refused, holds and stops; and what is compared of two runs."""

import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from segue import Context, Retry, current, dag, group, injected, task
from segue.data import overwrite_partition
from segue.model.errors import Fail, UnknownName, UnstorableValue, UsageError
from segue.testing import context, run, run_twice

SHOP = "postgresql://ada:pa55word@db/shop"


@task(connections=["shop"], secrets=["api_key"])
def asks(context: Context = injected) -> str:
    assert context.secret("api_key") == "k-123456789"
    return context.connection("shop").host or ""


@dag
def asking() -> None:
    asks()


def test_a_task_gets_the_connections_and_secrets_that_it_declares() -> None:
    assert run(asking, connections={"shop": SHOP}, secrets={"api_key": "k-123456789"}).value("asks") == "db"


def test_a_declared_name_that_is_not_given_fails_at_once_and_is_looked_for_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SEGUE_CONNECTION_SHOP", SHOP)
    result = run(asking, secrets={"api_key": "k-123456789"})
    assert result.state == "failed"
    assert isinstance(result.raised["asks"], UnknownName)
    assert "connections={'shop': …}" in str(result.raised["asks"])


def test_a_name_that_is_not_declared_is_refused_as_in_a_real_run() -> None:
    tries: list[int] = []

    @task(connections=["shop"], retry=2)
    def sneaks(context: Context = injected) -> None:
        tries.append(context.attempt)
        context.connection("warehouse")

    @dag
    def sneaking() -> None:
        sneaks()

    result = run(sneaking, connections={"shop": SHOP, "warehouse": SHOP})
    assert isinstance(result.raised["sneaks"], Fail) and "does not declare it" in str(result.raised["sneaks"])
    assert tries == [1]


def test_a_result_that_holds_a_secret_is_refused() -> None:
    @task(secrets=["api_key"])
    def leaks(context: Context = injected) -> dict[str, str]:
        return {"header": f"Bearer {context.secret('api_key')}"}

    @dag
    def leaking() -> None:
        leaks()

    result = run(leaking, secrets={"api_key": "k-123456789"})
    assert isinstance(result.raised["leaks"], UnstorableValue)


def test_what_a_guard_holds_is_not_published_and_says_why(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")

    @task
    def load(folder: str) -> None:
        overwrite_partition(pandas.DataFrame({"n": pandas.Series([], dtype="int64")}), folder, "2026-04-01")

    @task
    def after() -> None: ...

    @dag
    def nightly(folder: str = str(tmp_path / "out")) -> None:
        load(folder) >> after()

    result = run(nightly)
    assert (result.state, result.held) == ("held", {"load": "it wrote 0 rows"})
    assert result.tasks == {"load": "held", "after": "pending"}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_map_over_nothing_is_held_by_its_name() -> None:
    @task(empty="ok")
    def none() -> list[int]:
        return []

    @task
    def each(n: int) -> int:
        return n

    @dag
    def mapping() -> None:
        each.map(none())

    @dag
    def mapping_freely() -> None:
        each.with_options(empty="ok").map(none())

    result = run(mapping)
    assert list(result.held) == ["each"]
    assert result.tasks == {"none": "success", "each": "held"}
    assert run(mapping_freely).tasks == {"none": "success", "each": "skipped"}


def test_an_environment_gives_arguments_and_guards(tmp_path: Path) -> None:
    (tmp_path / "segue.toml").write_text('guards = {dev = "warn"}\n[env.dev]\nsample = 3\n[env.prod]\n')
    file = tmp_path / "sampled.py"
    file.write_text(
        "from segue import dag, task\n@task\ndef read(n): return [n]\n@task\ndef none() -> list: return []\n"
        "@dag\ndef sampled(sample=1, env='prod'):\n    read(f'{env} {sample}')\n    none()\n"
    )
    space: dict[str, object] = {}
    exec(compile(file.read_text(), str(file), "exec"), space)
    sampled = space["sampled"]
    assert (run(sampled).value("read"), run(sampled).state) == (["prod 1"], "held")  # type: ignore[arg-type]
    dev = run(sampled, env="dev")  # type: ignore[arg-type]
    assert (dev.value("read"), dev.state) == (["dev 3"], "success")
    assert run(sampled, params={"sample": 9}, env="dev").value("read") == ["dev 9"]  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no environment prd: did you mean prod"):
        run(sampled, env="prd")  # type: ignore[arg-type]


def test_a_timeout_interrupts_the_code_and_is_tried_again() -> None:
    tries: list[int] = []

    @task(timeout="20ms", retry=Retry(1))
    def hangs() -> str:
        tries.append(current().attempt)
        if len(tries) == 1:
            with suppress(TimeoutError):  # also where the code takes no notice
                time.sleep(60)
        return "quick"

    @dag
    def hanging() -> None:
        hangs()

    assert run(hanging).value("hangs") == "quick"
    assert tries == [1, 2]


def test_a_task_that_always_hangs_fails_by_its_timeout() -> None:
    @task(timeout="20ms")
    def hangs() -> None:
        time.sleep(60)

    @dag
    def hung() -> None:
        hangs()

    result = run(hung)
    assert result.state == "failed"
    assert str(result.raised["hangs"]) == "ran longer than its timeout of 20 ms"


told: list[str] = []


def test_hooks_groups_setup_and_teardown_do_what_they_do_elsewhere() -> None:
    told.clear()

    @task.setup
    def start() -> str:
        return "cluster-7"

    @task(on_failure=lambda context: told.append(f"{context.task_id} failed"))
    def crunch(cluster: str) -> None:
        raise LookupError(cluster)

    @task.teardown
    def stop(cluster: str) -> None:
        told.append(f"{cluster} stopped")

    @dag(on_failure=lambda context: told.append(f"{context.dag_id} failed"))
    def clustered() -> None:
        with group("heavy"):
            cluster = start()
            crunch(cluster) >> stop(cluster)

    result = run(clustered)
    assert result.tasks == {"heavy.start": "success", "heavy.crunch": "failed", "heavy.stop": "success"}
    assert sorted(told) == ["cluster-7 stopped", "clustered failed", "heavy.crunch failed"]


def test_a_task_that_waits_for_a_pool_that_no_setting_has_runs_all_the_same() -> None:
    @task(pool="warehouse", slots=3, resources={"memory": "900GB"})
    def loads() -> int:
        return 1

    @dag
    def pooled() -> None:
        loads()

    assert run(pooled).value("loads") == 1


def test_a_context_has_connections_secrets_and_state() -> None:
    made = context(connections={"shop": SHOP}, secrets={"api_key": "k"}, state={"job": "j-1"}, task_id="load")
    assert made.connection("shop").password == "pa55word"
    assert (made.secret("api_key"), made.state.get("job"), made.task_id) == ("k", "j-1", "load")
    made.state.set("job", "j-2")
    assert made.state.get("job") == "j-2"
    with pytest.raises(Fail, match="does not declare it"):
        made.connection("warehouse")


# ------------------------------------------------------------------------------------------------------------ run twice
def database_of(how: str):
    @task(connections=["shop"])
    def load(how: str, context: Context = injected) -> int:
        with closing(sqlite3.connect(context.connection("shop").database or "")) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)")
            if how == "replace":
                database.execute("DELETE FROM t")
            database.execute("INSERT INTO t VALUES (1)")
        return 1

    @dag
    def loading(how: str = how) -> None:
        load(how)

    return loading


def test_a_dag_that_replaces_is_the_same_when_it_runs_twice(tmp_path: Path) -> None:
    given = {"shop": f"sqlite:///{tmp_path}/shop.db"}
    twice = run_twice(database_of("replace"), connections=given, outputs=[tmp_path / "shop.db"])
    assert twice.same and twice.differences == ()
    assert twice.first.state == twice.second.state == "success"


def test_a_dag_that_appends_is_told_of_with_the_row_that_is_too_much(tmp_path: Path) -> None:
    given = {"shop": f"sqlite:///{tmp_path}/shop.db"}
    twice = run_twice(database_of("append"), connections=given, outputs=[tmp_path / "shop.db"])
    assert not twice.same
    [difference] = twice.differences
    assert difference == f'{tmp_path}/shop.db: 1 only in the second run, such as INSERT INTO "t" VALUES(1);'


def test_values_and_files_that_differ_are_named(tmp_path: Path) -> None:
    out = tmp_path / "out"

    @task
    def writes(folder: str) -> str:
        name = "second.txt" if (out / "first.txt").exists() else "first.txt"
        out.mkdir(exist_ok=True)
        (out / name).write_text(name)
        return name

    @dag
    def writing(folder: str = str(out)) -> None:
        writes(folder)

    assert run_twice(writing, outputs=[out]).differences == (
        "task writes: is not the same in both runs",
        f"{out}/second.txt: is there in the second run only",
    )


def test_outputs_are_a_list() -> None:
    with pytest.raises(UsageError, match="a list of files"):
        run_twice(asking, outputs="shop.db")
