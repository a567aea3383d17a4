from pathlib import Path

from segue.cli.main import main
from segue.define.loading import load_file


def test_s14_one_line_becomes_a_dag_that_answers_what_happens_when(tmp_path: Path, capsys):
    crontab, file = tmp_path / "crontab", tmp_path / "daily.py"
    crontab.write_text("MAILTO=data@example.com\n0 6 * * * /usr/bin/python /scripts/daily_etl.py\n")
    assert main(["import", "crontab", str(crontab), "-o", str(file), "--timezone", "UTC"]) == 0
    (spec,) = load_file(file, tmp_path).specs
    assert (spec.id, spec.schedule, [task.id for task in spec.tasks]) == (
        "daily_etl", ("calendar", "daily", 0, 360), ["daily_etl"],
    )  # fmt: skip
    assert spec.alerts == ("mailto:data@example.com",)  # it fails: somebody is told
    assert (spec.run_limit, spec.overlap) == (1, "wait")  # it overlaps: today waits for yesterday
    said = capsys.readouterr().out
    for question, answer in {
        "it fails": "segue retry", "it overlaps": "one run at a time", "data is late": "retry=Retry(",
        "a year again": "segue backfill daily_etl 2025-01-01..2025-12-31", "what ran": "segue slots daily_etl",
    }.items():  # fmt: skip
        (line,) = [line for line in said.splitlines() if line.strip().startswith(question)]
        assert answer in line


def test_s14_importing_over_a_file_asks_and_airflow_comes_later(tmp_path: Path, capsys):
    crontab, file = tmp_path / "crontab", tmp_path / "daily.py"
    crontab.write_text("0 6 * * * x\n")
    file.write_text("mine")
    assert main(["import", "crontab", str(crontab), "-o", str(file)]) == 2
    assert file.read_text() == "mine"
    assert main(["import", "crontab", str(crontab), "-o", str(file), "--force"]) == 0
    assert main(["import", "airflow", str(tmp_path)]) == 2
    assert "comes later" in capsys.readouterr().err


def test_s14_without_a_file_the_dag_is_printed_alone(tmp_path: Path, capsys):
    crontab = tmp_path / "crontab"
    crontab.write_text("0 6 * * * /usr/bin/python /scripts/daily_etl.py\n")
    assert main(["import", "crontab", str(crontab)]) == 0
    said = capsys.readouterr()
    compile(said.out, "printed", "exec")
    assert "what happens when" in said.err
