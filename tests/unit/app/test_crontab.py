"""Crontabs: how lines are read, what is guessed from them, and the file that comes of it."""

from pathlib import Path

import pytest

from segue.app.chains import chains_of, guess_edges, timed
from segue.app.crontab import read_crontab
from segue.app.crontab_file import Imported, import_crontab
from segue.define.loading import Loaded, load_file
from segue.model.errors import UsageError


def names(*commands: str) -> list[str]:
    return [job.name for job in read_crontab("\n".join(f"0 2 * * * {one}" for one in commands)).jobs]


def edges(text: str) -> list[str]:
    return [f"{one.upstream.name} >> {one.downstream.name}" for one in guess_edges(timed(read_crontab(text).jobs))]


def made(text: str, zone: str = "UTC") -> Imported:
    return import_crontab(read_crontab(text), "crontab", zone)


def risks(text: str, zone: str = "UTC") -> dict[str, str]:
    return {risk.kind: risk.text for risk in made(text, zone).risks}


def loaded(text: str, folder: Path) -> Loaded:
    file = folder / "from_cron.py"
    file.write_text(made(text).text)
    return load_file(file, folder)


# ------------------------------------------------------------------------------------------------------------- reading
def test_a_line_is_a_time_and_a_command():
    (job,) = read_crontab("\n# nightly\n  30 2\t* * mon  /opt/etl/run_all.sh --fast\n").jobs
    assert (job.line, job.fields, job.command) == (3, "30 2 * * MON", "/opt/etl/run_all.sh --fast")
    assert (job.name, job.comment, job.clock, job.days) == ("run_all", "nightly", 150, "* * MON")


def test_comments_of_several_lines_are_one_and_a_gap_ends_them():
    text = "# old\n\n# after the\n#  transform\r\u2028\x0b is done\n0 1 * * * x\n0 2 * * * y\n"
    assert [job.comment for job in read_crontab(text).jobs] == ["after the transform is done", ""]


def test_presets_are_times():
    assert [job.fields for job in read_crontab("@daily a\n@HOURLY b\n@weekly c").jobs] == [
        "0 0 * * *", "0 * * * *", "0 0 * * 0",
    ]  # fmt: skip


def test_variables_hold_for_the_lines_below_them():
    text = "MAILTO=ann@example.com\nA = 1\n0 1 * * * x\nA='2 3'\nCRON_TZ=Asia/Tokyo\nSHELL=/bin/sh\n0 2 * * * y\n"
    crontab = read_crontab(text)
    assert [dict(job.env) for job in crontab.jobs] == [{"A": "1"}, {"A": "2 3"}]
    assert (crontab.zone, crontab.mail) == ("Asia/Tokyo", "ann@example.com")


def test_a_percent_sign_begins_the_input_and_with_a_backslash_it_is_one():
    one, two = read_crontab("0 1 * * * mail ann%Hello%there\n0 1 * * * date +\\%F\n").jobs
    assert one.command == "mail ann <<'END_OF_INPUT'\nHello\nthere\nEND_OF_INPUT"
    assert two.command == "date +%F"


@pytest.mark.parametrize(
    ("text", "users"),
    [("17 * * * * root cd / && run-parts /etc/cron.hourly\n@daily postgres /usr/bin/vacuum all", ["root", "postgres"]),
     ("0 1 * * * etl_user /opt/etl/run.sh", ["etl_user"]), ("0 1 * * * python /x.py", [""]),
     ("0 1 * * * backup /data", [""]), ("0 1 * * * root /bin/x\n0 2 * * * /bin/y", ["", ""])],
)  # fmt: skip
def test_the_column_of_users_of_a_system_crontab_is_seen(text, users):
    assert [job.user for job in read_crontab(text).jobs] == users


def test_whether_there_is_a_column_of_users_may_be_said():
    assert read_crontab("0 1 * * * anna report", system=True).jobs[0].user == "anna"
    assert read_crontab("0 1 * * * root /bin/x", system=False).jobs[0].command == "root /bin/x"


def test_reboot_is_left_out_with_words():
    crontab = read_crontab("@reboot /usr/bin/agent\n0 1 * * * x\n")
    assert [line for line, _ in crontab.refused] == [1]
    assert "systemd" in crontab.refused[0][1]
    assert len(crontab.jobs) == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [("0 2 * * *", "a time and a command"), ("hello", "a time and a command"), ("0 25 * * * x", "the hour field '25'"),
     ("0 0 30 2 * x", "never fires"), ("@fortnightly x", "cron knows no @fortnightly"),
     ("0~30 2 * * * x", "by chance")],
)  # fmt: skip
def test_a_line_that_cannot_be_read_is_named(line, reason):
    with pytest.raises(UsageError, match=f"line 2: .*{reason}"):
        read_crontab(f"# one\n{line}\n", system=False)


@pytest.mark.parametrize(
    ("command", "name"),
    [("/usr/bin/python /scripts/daily_etl.py", "daily_etl"), ("cd /srv && ./sync.sh >> /var/log/x.log 2>&1", "sync"),
     ("flock -n /tmp/l python -m shop.etl.load", "load"), ("psql -f /sql/load-orders.sql", "load_orders"),
     ("FOO=1 /opt/bin/pull %a", "pull"), ('echo "Happy New Year"', "echo"),
     ("nice -n 10 bash -c 'dump.sh full'", "dump"),
     ("/opt/2fast.sh", "job_2fast"), ("[ -f /x ] && :", "job"), ("echo 'unclosed", "echo"), ("cat x | /a/b.py", "cat")],
)  # fmt: skip
def test_a_job_has_the_name_of_what_it_runs(command, name):
    assert names(command) == [name]


def test_jobs_of_one_script_are_told_apart():
    assert names("etl.py extract", "etl.py load --all", "other.sh", "etl.py load") == [
        "etl_extract", "etl_load", "other", "etl_load_2",
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ guessing
def test_what_one_job_writes_and_another_reads_is_an_edge():
    text = "0 1 * * * a.sh > /d/x.csv\n0 1 * * * b.sh --output /d/y.csv\n0 2 * * * c.sh < /d/x.csv\n"
    text += "0 2 * * * d.sh /d/y.csv -o /d/z.csv\n0 3 * * * cp /d/z.csv /e/z.csv\n0 4 * * * f.sh /e/z.csv\n"
    assert edges(text) == ["a >> c", "b >> d", "d >> cp", "cp >> f"]
    assert guess_edges(timed(read_crontab(text).jobs))[0].reason == "a writes /d/x.csv, which c reads"


def test_a_path_from_the_folder_of_a_command_and_one_with_a_pattern_meet():
    assert edges("0 1 * * * cd /d && a.sh > x.csv\n0 2 * * * b.sh /d/x.csv\n0 3 * * * c.sh '/d/*.csv'\n") == [
        "a >> b", "a >> c",
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["/opt/{} >> /var/log/etl.log 2>&1", "cd /srv/app && {}", "{} --config /etc/a.toml",
                                     "{} < /dev/null", "{} /data/static.csv"])  # fmt: skip
def test_logs_folders_settings_and_what_both_only_read_join_nothing(command):
    assert edges(f"0 1 * * * {command.format('x.sh')}\n0 2 * * * {command.format('y.sh')}\n") == []


def test_a_word_of_both_names_leads_to_the_latest_job_that_has_it():
    text = "0 1 * * * pull_orders.py\n0 1 * * * pull_users.py\n0 2 * * * clean_orders.py\n0 3 * * * check_orders.py\n"
    assert edges(text + "0 4 * * * users_and_orders.py") == [
        "pull_orders >> clean_orders", "clean_orders >> check_orders", "pull_users >> users_and_orders",
        "check_orders >> users_and_orders",
    ]  # fmt: skip


def test_a_word_of_all_names_says_less_than_one_of_some():
    text = "0 1 * * * shop_pull_a1.py\n0 1 * * * shop_pull_b1.py\n0 2 * * * shop_clean_b1.py\n0 3 * * * shop_end.py\n"
    assert edges(text) == ["shop_pull_b1 >> shop_clean_b1", "shop_clean_b1 >> shop_end"]


def test_a_comment_that_assumes_something_is_believed():
    text = "0 1 * * * foo.sh\n0 1 * * * bar.sh\n# after bar is done\n0 2 * * * baz.sh\n"
    text += "# needs all that\n0 3 * * * end.sh\n"
    assert edges(text) == ["bar >> baz", "foo >> end", "baz >> end"]


def test_steps_of_a_pipeline_follow_each_other_within_six_hours():
    assert edges("0 1 * * * extract.sh\n0 2 * * * clean.sh\n0 3 * * * report.sh") == [
        "extract >> clean",
        "clean >> report",
    ]
    assert edges("0 1 * * * extract.sh\n0 8 * * * clean.sh") == []
    assert edges("0 1 * * * load.sh\n0 2 * * * extract.sh") == []


@pytest.mark.parametrize(
    "text",
    ["0 3 * * * backup.sh\n0 4 * * * certbot renew", "0 1 * * * extract.sh\n0 2 * * 1 clean.sh",
     "0 1 * * * extract.sh\n0 1 * * * clean.sh", "*/5 * * * * extract.sh\n*/7 * * * * clean.sh",
     "5 * * * * extract.sh\n0 2 * * * clean.sh"],
)  # fmt: skip
def test_jobs_that_say_nothing_or_run_on_other_days_are_not_joined(text):
    assert edges(text) == []


def test_jobs_of_every_hour_are_joined_by_their_minutes():
    (edge,) = guess_edges(timed(read_crontab("20 * * * * aggregate_ticks.sh\n5 * * * * fetch_ticks.sh").jobs))
    assert (edge.upstream.name, edge.downstream.name, edge.gap) == ("fetch_ticks", "aggregate_ticks", 15)


def test_a_night_goes_on_after_midnight(tmp_path):
    text = "0 1 * * * load_orders.sh\n30 23 * * * extract_orders.sh\n0 3 * * 0 weekly_orders.sh\n"
    (edge,) = guess_edges(timed(read_crontab(text).jobs))
    assert (edge.upstream.name, edge.downstream.name, edge.gap) == ("extract_orders", "load_orders", 90)
    assert {spec.id: spec.schedule for spec in loaded(text, tmp_path).specs}["load_orders"] == (
        "calendar", "daily", 0, 23 * 60 + 30,
    )  # fmt: skip


def test_a_later_step_of_the_day_before_is_nothing_to_wait_for():
    assert edges("0 6 * * * load_orders.sh\n0 14 * * * extract_orders.sh\n") == []
    assert edges("0 6 * * * extract_orders.sh\n0 14 * * * load_orders.sh\n") == ["extract_orders >> load_orders"]


def test_chains_are_the_jobs_that_hang_together():
    jobs = timed(read_crontab("0 1 * * * extract.sh\n0 1 * * * backup.sh\n0 2 * * * clean.sh").jobs)
    assert [[job.name for job in chain] for chain in chains_of(jobs, guess_edges(jobs))] == [
        ["extract", "clean"], ["backup"],
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ the file
HARD = r"""
MAILTO="ann@example.com, bob@example.com"
PATH=/usr/bin:/bin
DB_PASSWORD=hunter2
HOME=/home/ann
# a "quoted" comment \ with {{ marks }}
0 6 * * 1-5 /bin/x "${#a[@]}" {{ ds }}
15 * * * * class
0 6 1 * * daily
0 6 29 2 * a%b "c"
A=é
@weekly t
"""


def test_a_file_of_hard_lines_loads(tmp_path):
    found = loaded(HARD, tmp_path)
    assert found.errors == []
    assert {spec.id: spec.schedule for spec in found.specs} == {
        "x": ("cron", "0 6 * * 1-5"), "class": ("calendar", "hourly", 0, 15), "daily": ("calendar", "monthly", 1, 360),
        "a": ("cron", "0 6 29 2 *"), "t": ("calendar", "weekly", 0, 0),
    }  # fmt: skip
    assert {spec.alerts for spec in found.specs} == {("mailto:ann@example.com", "mailto:bob@example.com")}
    text = (tmp_path / "from_cron.py").read_text()
    assert "hunter2" not in text
    assert '{% raw %}/bin/x \\"${#a[@]}\\" {{ ds }}{% endraw %}' in text
    assert 'ENV_2 = {"PATH": "/usr/bin:/bin", "HOME": "/home/ann", "A": "é"}' in text


def test_a_chain_starts_with_its_first_job_and_has_the_name_of_its_last(tmp_path):
    found = loaded("30 1 * * * extract.sh\n0 3 * * * load.sh\n", tmp_path)
    (spec,) = found.specs
    assert (spec.id, spec.schedule, spec.tasks[1].after) == ("load", ("calendar", "daily", 0, 90), ("extract",))


def test_the_zone_is_that_of_the_crontab_or_the_one_given():
    assert 'timezone="Asia/Tokyo"' in made("CRON_TZ=Asia/Tokyo\n0 1 * * * x", "").text
    assert 'timezone="Europe/Berlin"' in made("CRON_TZ=Asia/Tokyo\n0 1 * * * x", "Europe/Berlin").text
    assert "zone" in risks("0 1 * * * x", "")
    with pytest.raises(UsageError, match="no time zone 'Mars'"):
        made("0 1 * * * x", "Mars")


def test_an_empty_crontab_has_nothing_to_import():
    with pytest.raises(UsageError, match="crontab has no job"):
        made("# nothing\n@reboot x\n")


@pytest.mark.parametrize(
    ("text", "kind"),
    [("@reboot a\n0 1 * * * /x", "left out"), ('MAILTO=""\n0 1 * * * /x', "silent"), ("0 1 * * * root /x", "user"),
     ("0 1 * * * python x.py", "place"), ("API_TOKEN=x\n0 1 * * * /x", "secret"), ("*/5 * * * * /x", "overlap"),
     ("0 1 * * * flock -n /l /x", "overlap"), ("0 1 * * * /x $(date +\\%F)", "date"),
     ("0 1 * * * /x || true", "hidden"),
     ("0 1 * * * /x > /dev/null 2>&1", "hidden"), ("0 1 * * * extract\n0 2 * * * load", "staggered"),
     ("0 2 * * * extract\n30 3 * * * load", "widened"),
     ("0 1 * * * pull_a1\n0 2 * * * pull_b1\n0 3 * * * load", "earlier")],
)  # fmt: skip
def test_risks_are_named(text, kind):
    assert kind in risks(text)


def test_a_plain_line_has_no_risk():
    assert risks("0 1 * * * /opt/etl/run.sh {{ ds }}") == {}


def test_a_gap_of_an_hour_is_not_widened():
    assert "widened" not in risks("0 1 * * * extract\n0 2 * * * load")
