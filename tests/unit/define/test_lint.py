"""Lint of what stands in code, prose and schedules: what it finds, what it leaves in peace, how it is silenced."""

import textwrap
from datetime import UTC, datetime

import pytest

from segue.model.moment import instant_of

HEAD = """import datetime as dt
from datetime import date, datetime
from segue import Context, Dag, Interval, cron, daily, dag, flow, hourly, injected, task
from segue import tasks as t
"""
FIRST = 5  # the line after HEAD


def found(load, text: str) -> list[tuple[str, int]]:
    loaded = load(HEAD + text)
    assert loaded.errors == []
    return [(one.code, one.line - FIRST + 1) for one in loaded.findings]


def codes(load, text: str) -> list[str]:
    return [code for code, _ in found(load, text)]


def in_task(*lines: str, options: str = "", dag: str = "schedule=daily()") -> str:
    """A task with these lines; the first is line 3."""
    body = "".join(f"    {line}\n" for line in lines)
    return f"@task({options})\ndef work(interval: Interval = injected):\n{body}@dag({dag})\ndef d(): work()\n"


@pytest.mark.parametrize(
    "line",
    ["datetime.now()", "x = date.today()", "dt.datetime.utcnow()", "dt.datetime.now(dt.UTC)", "f'{datetime.now():%Y}'",
     "path = f'out/{date.today()}/x.csv'", "import time; time.strftime('%Y')", "import pendulum; pendulum.now()",
     "import pandas as pd; pd.Timestamp.now()", "run('SELECT * FROM t WHERE day = CURRENT_DATE')",
     "run('''SELECT *\\nFROM t WHERE at > now()''')", "run(f'DELETE FROM {interval} WHERE day < current_timestamp')",
     "run(\"SELECT x FROM t WHERE day = date('now')\")", "run('INSERT OR REPLACE INTO t SELECT getdate(), x FROM u')"],
)  # fmt: skip
def test_code_that_asks_the_clock_is_told_to_take_the_date_of_the_interval(load, line):
    loaded = load(HEAD + in_task(line))
    assert [(one.code, one.line) for one in loaded.findings] == [("now", FIRST + 2)]
    assert "interval" in loaded.findings[0].hint


@pytest.mark.parametrize(
    "lines",
    [["begin = datetime.now()", "x = 1", "return datetime.now() - begin"],
     ["begin, end = 1, 2", "at = datetime.now()", "done = datetime.now()", "print(done - at)"],
     ["print('begins', datetime.now())"], ["log.info('begins %s', datetime.now())"], ["import time", "time.time()"],
     ["'''Before: datetime.now() and CURRENT_DATE from dual.'''"], ["# datetime.now()", "pass"],
     ["run('CREATE TABLE t (at timestamp DEFAULT CURRENT_TIMESTAMP)')"], ["run('SELECT 1 FROM t -- not CURRENT_DATE')"],
     ["run(\"SELECT x FROM t WHERE kind = 'CURRENT_DATE'\")"], ["print('Select now() from the menu')"],
     ["interval.start.now"], ["import time", "time.strftime('%Y', x)"]],
)  # fmt: skip
def test_what_only_looks_like_asking_the_clock_is_left_in_peace(load, lines):
    assert codes(load, in_task(*lines)) == []


def test_elapsed_time_that_is_also_kept_is_found(load):
    assert codes(load, in_task("at = datetime.now()", "print(datetime.now() - at)", "save(at)")) == ["now"]


def test_functions_and_texts_that_a_task_uses_are_its_code(load):
    text = "QUERY = 'SELECT * FROM t WHERE d = CURRENT_DATE'\nUNUSED = 'SELECT CURRENT_DATE FROM t'\n"
    text += "def stamp():\n    return datetime.now()\ndef idle():\n    return datetime.now()\n"
    assert found(load, text + in_task("return QUERY, stamp()")) == [("now", 4), ("now", 1)]


def test_a_task_of_several_dags_is_told_of_once(load):
    text = "@task\ndef work(): return date.today()\nfor n in range(3):\n    with Dag(f'd{n}'):\n        work()\n"
    assert found(load, text) == [("now", 2)]


def test_the_body_and_the_steps_of_a_flow_are_task_code(load):
    text = "@task\ndef step(): return date.today()\n@flow\ndef body():\n    x = datetime.now()\n    return step(), x\n"
    assert sorted(found(load, text)) == [("now", 2), ("now", 5)]


def test_ready_made_tasks_are_read_too(load):
    text = "with Dag('d', schedule=daily()):\n    t.bash('cp x out/$(date +%F)')\n"
    text += "    t.sql('SELECT * FROM t WHERE d = CURRENT_DATE', connection='w')\n"
    text += "    t.bash('echo $(date -d yesterday) {{ ds }}', id='two')\n"
    loaded = load(HEAD + text)
    assert [(one.code, one.line - FIRST + 1, one.hint.partition(",")[0]) for one in loaded.findings] == [
        ("now", 2, "write {{ ds }}"), ("now", 3, "write :ds"),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------------- written twice
@pytest.mark.parametrize(
    "line",
    ["open('out.csv', 'a')", "p.open('ab')", "table.to_csv('x.csv', mode='a')", "t.to_sql('t', c, if_exists='append')",
     "frame.write.mode('append').save(x)", "run('INSERT INTO sales SELECT * FROM staging')",
     "load(write_disposition='WRITE_APPEND')"],
)  # fmt: skip
def test_what_appends_is_asked_to_replace_or_to_declare(load, line):
    assert found(load, in_task(line)) == [("append", 3)]
    assert found(load, in_task(line, options="idempotent=False")) == []


@pytest.mark.parametrize(
    "lines",
    [["run('DELETE FROM sales WHERE day = :ds')", "run('INSERT INTO sales SELECT * FROM x')"],
     ["run('INSERT INTO sales SELECT * FROM x ON CONFLICT (id) DO UPDATE SET n = 1')"],
     ["run('INSERT OR REPLACE INTO sales VALUES (1)')"],
     ["open('work.log', 'a')"], ["open('a')"], ["rows.append('a')"]],
)  # fmt: skip
def test_what_replaces_is_left_in_peace(load, lines):
    assert codes(load, in_task(*lines)) == []


def test_what_posts_or_sends_mail_is_asked_for_the_declaration(load):
    assert codes(load, in_task("import requests", "requests.post('https://x', json={})")) == ["post"]
    mail = ["import smtplib", "smtplib.SMTP('localhost').send_message(m)"]
    assert codes(load, in_task(*mail)) == ["post"]
    assert codes(load, in_task(*mail, options="idempotent=True")) == []


# -------------------------------------------------------------------------------------------------------------- stages
@pytest.mark.parametrize(
    "text",
    ["@task\ndef extract_clean_aggregate(): ...\n@dag\ndef d(): extract_clean_aggregate()\n",
     "def extract(): ...\ndef clean(x): ...\ndef aggregate(x): ...\n"
     "@task\ndef work():\n    return aggregate(clean(extract()))\n@dag\ndef d(): work()\n",
     "def extract(): ...\ndef load(x): ...\n@task\ndef daily_etl():\n    load(extract())\n"
     "@dag\ndef d(): daily_etl()\n"],
)  # fmt: skip
def test_a_task_of_several_steps_is_told_to_be_split(load, text):
    (finding,) = load(HEAD + text).findings
    assert finding.code == "giant"
    assert finding.hint.startswith("split it, one task for each step: extract >> ")


def test_one_step_that_calls_functions_is_left_in_peace(load):
    text = "def read(): ...\ndef clean(x): ...\n@task\ndef transform_orders():\n    return clean(read())\n"
    assert codes(load, text + "@dag\ndef d(): transform_orders()\n") == []


# ------------------------------------------------------------------------------------------------------------ the file
@pytest.mark.parametrize(
    "line",
    ["PASSWORD = 'hunter2'", "db_password: str = 'hunter2'", "config = {'api_key': 'k-123'}", "call(token='t0ps3cret')",
     "x['secret'] = 'y1'", "x['PGPASSWORD'] = 'y1'", "URL = 'postgresql://ann:hunter2@db/shop'",
     "DSN = 'host=db password=hunter2'",
     "KEY = 'AKIAABCDEFGHIJKLMNOP'", "def connect(password='hunter2'): ...", "def go(*, pwd='hunter2'): ..."],
)  # fmt: skip
def test_a_password_in_a_file_is_reported_and_not_repeated(load, line):
    loaded = load(HEAD + "x, call = {}, lambda **all: 0\n" + line + "\n" + in_task("pass"))
    assert [(one.code, one.line) for one in loaded.findings] == [("password", FIRST + 1)]
    assert "hunter2" not in loaded.findings[0].message + loaded.findings[0].hint
    assert "secrets=" in loaded.findings[0].hint


@pytest.mark.parametrize(
    "line",
    ["password = None", "token = ''", "api_key = get('x')", "URL = 'postgresql://ann@db/shop'", "PASSWORD = 'password'",
     "URL = f'postgresql://ann:{get(1)}@db/shop'", "token_url = 'https://x/token'", "secret_name = 'shop'",
     "PASSWORD = '${DB_PASSWORD}'", "password = '<your password>'", "SECRET = 'xxxx'", "secrets = ['shop']",
     "URL = 'postgresql://ann:{password}@db/shop'", "DSN = 'password=%s'", "max_tokens = 5",
     "HELP = 'the token is sent'"],
)  # fmt: skip
def test_what_only_names_a_secret_is_left_in_peace(load, line):
    assert codes(load, "get = lambda n: 0\n" + line + "\n" + in_task("pass")) == []


@pytest.mark.parametrize(
    ("line", "what"),
    [("import time; time.sleep(0)", "sleeps"), 
     ("import sqlite3; sqlite3.connect(':memory:').close()", "opens a database"),
     ("open('/dev/null').close()", "reads a file"), 
     ("from pathlib import Path; Path('/dev/null').read_text()", "reads"),
     ("import subprocess; subprocess.run(['true'])", "starts a program"), ("import os; os.system('true')", "program"),
     ("def go():\n    import time\n    time.sleep(0)\ngo()", "sleeps"),
     ("def f(x=open('/dev/null').close()): ...", "reads")],
)  # fmt: skip
def test_work_at_import_is_told_to_move_into_a_task(load, line, what):
    (finding,) = load(HEAD + line + "\n" + in_task("pass")).findings
    assert (finding.code, finding.hint) == ("import", "move it into a task")
    assert what in finding.message


def test_work_in_a_dag_function_is_work_at_import(load):
    text = "import time\n@task\ndef a(): ...\n@dag\ndef d():\n    time.sleep(0)\n    a()\n"
    assert found(load, text) == [("import", 6)]


@pytest.mark.parametrize(
    "text",
    ["import time\nif __name__ == '__main__':\n    time.sleep(1)\n", "import time\ndef wait(): time.sleep(1)\n",
     "import time\nwait = lambda: time.sleep(1)\n", "import os\nos.environ.get('X')\n",
     "from pathlib import Path\nSQL = Path(__file__).read_text()\n"],
)  # fmt: skip
def test_what_does_not_run_at_import_or_lies_beside_the_file_is_left_in_peace(load, text):
    assert codes(load, text + in_task("import requests", "requests.get('https://x')", "open('x')")) == []


# ------------------------------------------------------------------------------------------------------------ the clock
@pytest.mark.parametrize(
    ("schedule", "instead"),
    [("'0 2 * * *'", "schedule=daily(at='02:00')"), ("cron('30 6 * * 1')", "schedule=weekly('mon', at='06:30')"),
     ("'0 6 2 * *'", "schedule=monthly(2, at='06:00')"), ("'0 6 * * 1-5'", "daily(at=…)")],
)  # fmt: skip
@pytest.mark.parametrize(
    "use", ["interval.ds", "interval.date", "interval.start.strftime('%F')", "q(':ds')", "'{{ ds }}'"]
)
def test_cron_off_midnight_that_meets_dates_is_told_the_calendar_to_write(load, schedule, instead, use):
    (finding,) = load(HEAD + in_task(f"return {use}", dag=f"schedule={schedule}")).findings
    assert finding.code == "midnight"
    assert finding.hint.startswith(instead)


@pytest.mark.parametrize("schedule", ["'0 0 * * *'", "daily(at='02:00')", "'0 * * * *'", "None"])
def test_dates_of_whole_days_and_hours_are_left_in_peace(load, schedule):
    assert codes(load, in_task("return interval.ds", dag=f"schedule={schedule}")) == []


def test_cron_off_midnight_without_dates_is_left_in_peace(load):
    assert codes(load, in_task("return interval.start", dag="schedule='0 2 * * *'")) == []


def test_a_template_with_a_date_meets_cron_off_midnight_too(load):
    assert codes(load, "with Dag('d', schedule='0 2 * * *'):\n    t.bash('run {{ ds }}')\n") == ["midnight"]


@pytest.mark.parametrize("use", ["f'{interval.start:%Y/%m/%d/%H}'", "interval.start.strftime('hour=%H')",
                                 "f'hour={interval.start.hour}'"])  # fmt: skip
def test_an_hour_that_loses_its_offset_is_found_where_clocks_change(load, use):
    hourly = in_task(f"return {use}", dag="schedule=hourly(), timezone='America/New_York'")
    assert found(load, hourly) == [("offset", 3)]
    assert found(load, hourly.replace("America/New_York", "UTC")) == []
    assert found(load, hourly.replace("America/New_York", "Asia/Tokyo")) == []
    assert found(load, hourly.replace("hourly()", "daily()")) == []
    assert found(load, hourly.replace("%H", "%H%z").replace(".hour", ".key")) == []


@pytest.mark.parametrize(
    ("options", "zone"),
    [("doc='Runs at 2 am Pacific.'", "America/Los_Angeles"), ("doc='At 02:00 CET.'", "Europe/Berlin"),
     ("tags=['America/New_York']", "America/New_York"), ("tags=['EST']", "America/New_York"),
     ("doc='Done by 8am Eastern time'", "America/New_York"), ("doc='6:00, Berlin time'", "Europe/Berlin"),
     ("doc='In the zone of Asia/Tokyo.'", "Asia/Tokyo")],
)  # fmt: skip
def test_a_zone_that_is_named_and_not_set_is_a_warning(load, options, zone):
    (finding,) = load(HEAD + in_task("pass", dag=f"schedule=daily(at='02:00'), {options}")).findings
    assert finding.code == "zone"
    assert f"timezone={zone!r}" in finding.hint
    for change in ("timezone='UTC', ", "timezone='Asia/Tokyo', "):
        assert codes(load, in_task("pass", dag=f"{change}schedule=daily(at='02:00'), {options}")) == []
    assert codes(load, in_task("pass", dag=f"schedule=hourly(), {options}")) == []


@pytest.mark.parametrize("doc", ["Orders of the Pacific region.", "At 02:00 UTC, 6 pm Pacific.",
                                 "Takes a long Run time.",
                                 "Central orders, 2 PT units", "see America/Nowhere", "ET phones home"])  # fmt: skip
def test_prose_that_names_no_zone_is_left_in_peace(load, doc):
    assert codes(load, in_task("pass", dag=f"schedule=daily(), doc={doc!r}")) == []


def test_comments_of_the_file_are_prose_unless_a_dag_of_it_has_a_zone(load):
    assert codes(load, "# every night at 2am Pacific\n" + in_task("pass")) == ["zone"]
    other = "with Dag('e', schedule=daily(), timezone='America/Los_Angeles'):\n    work.with_options(id='w')()\n"
    assert codes(load, "# every night at 2am Pacific\n" + in_task("pass") + other) == []


@pytest.mark.parametrize("start", ["datetime(2026, 4, 1)", "'2026-04-01T00:00'"])
def test_a_start_without_zone_in_a_dag_without_zone_is_a_warning(load, start):
    assert codes(load, in_task("pass", dag=f"schedule=daily(), start={start}")) == ["naive"]
    assert codes(load, in_task("pass", dag=f"schedule=daily(), start={start}, timezone='UTC'")) == []


@pytest.mark.parametrize("start", ["date(2026, 4, 1)", "'2026-04-01'", "'2026-04-01T00:00Z'",
                                   "datetime(2026, 4, 1, tzinfo=dt.UTC)"])  # fmt: skip
def test_a_day_or_a_moment_with_its_zone_is_a_start(load, start):
    assert codes(load, in_task("pass", dag=f"schedule=daily(), start={start}")) == []


def test_the_slot_before_is_asked_for_only_where_it_is_waited_for(load):
    assert found(load, in_task("return interval.previous()")) == [("past", 3)]
    assert found(load, in_task("return interval.previous()", options="depends_on_past=True")) == []
    text = in_task("return interval.previous()").replace(
        "work()\n", "work.with_options(id='w', depends_on_past=True)()\n"
    )
    assert found(load, text) == []


@pytest.mark.parametrize("options", ["deadline='2h'", "catchup=True", "defaults={'depends_on_past': True}",
                                     "defaults={'deadline': '1h'}"])  # fmt: skip
def test_what_counts_from_slots_says_nothing_without_a_schedule(load, options):
    assert codes(load, in_task("pass", dag=options)) == ["slots"]
    assert codes(load, in_task("pass", dag=f"schedule=daily(), {options}")) == []


def test_a_catch_up_of_more_than_ten_intervals_is_said_with_its_number(load):
    text = in_task("pass", dag="schedule=daily(at='02:00'), start='2026-04-01', catchup=True")
    days = [instant_of(datetime(2026, 4, day, 2, tzinfo=UTC)) for day in (11, 12)]
    assert [one.code for one in load(HEAD + text, now=days[0]).findings] == []
    (finding,) = load(HEAD + text, now=days[1]).findings
    assert (finding.code, finding.message.partition(" when")[0]) == (
        "catchup",
        "catchup=True of DAG d runs 11 intervals",
    )
    assert load(HEAD + text.replace(", catchup=True", ""), now=days[1]).findings == []
    (finding,) = load(HEAD + text.replace("daily(at='02:00')", "'* * * * *'"), now=days[1]).findings
    assert "runs 100 or more intervals" in finding.message


def test_a_catch_up_begins_somewhere(load):
    assert codes(load, in_task("pass", dag="schedule=daily(), catchup=True")) == []
    text = in_task("pass", dag="schedule=daily(), catchup=True")
    assert [one.code for one in load(HEAD + text, now=0).findings] == ["catchup"]
    assert load(HEAD + text.replace("daily()", "'@once'"), now=0).findings == []


def test_a_file_that_is_nested_without_end_still_loads(load):
    text = "x = " + "+".join(["1"] * 985) + "\n"
    assert len(load(HEAD + text + in_task("pass")).specs) == 1


# ------------------------------------------------------------------------------------------------------------- silence
@pytest.mark.parametrize(
    ("text", "left"),
    [("x = date.today()  # segue: ok", []), ("x = date.today()  # segue: ok[now]", []),
     ("x = date.today()  # segue: ok[append]", ["now"]), ("x = date.today()  # segue: ok[append, now] as agreed", []),
     ("x = [\n        date.today(),\n    ]  # segue: ok", []), ("x = '''# segue: ok''', date.today()", ["now"]),
     ("x = 1  # segue: ok\n    y = date.today()", ["now"])],
)  # fmt: skip
def test_a_comment_silences_the_findings_of_its_statement(load, text, left):
    assert codes(load, in_task(text)) == left


def test_a_comment_in_the_head_of_a_function_holds_for_all_of_it(load):
    text = textwrap.dedent("""
        @task(retry=1)  # segue: ok[now]
        def work():
            for _ in range(2):
                date.today()
        @dag(
            schedule='0 2 * * *',
        )
        def d(): # segue: ok[midnight]
            work()
    """)
    assert codes(load, text) == []
    assert codes(load, text.replace("# segue: ok[now]", "")) == ["now"]


def test_findings_of_specs_are_silenced_in_the_same_way(load):
    text = "@dag\ndef d(): {}\n    pass\n"
    assert codes(load, text.format("")) == ["empty"]
    assert codes(load, text.format("# segue: ok[empty]")) == []
