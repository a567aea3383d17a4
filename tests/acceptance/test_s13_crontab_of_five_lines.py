import json
from pathlib import Path

import pytest

from segue.cli.main import main
from segue.define.loading import load_file

CRONTAB = """
# ingest from REST API -- every night at midnight
0 0 * * * python ingest_from_rest_api.py
# ingest from database -- every night at midnight
0 0 * * * python ingest_from_database.py
# transform API data -- 1 AM (assumes ingestion is done by then)
0 1 * * * python transform_api_data.py
# combine API and database data -- 2 AM (assumes transform is done)
0 2 * * * python combine_api_and_database.py
# load into data warehouse -- 3 AM (assumes combine is done)
0 3 * * * python load_to_warehouse.py
"""


def without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


@pytest.mark.parametrize("text", [CRONTAB, without_comments(CRONTAB)], ids=["with comments", "bare"])
def test_s13_the_five_line_crontab_becomes_the_graph_that_the_chapter_draws(text, tmp_path: Path, capsys):
    crontab, file = tmp_path / "crontab", tmp_path / "nightly.py"
    crontab.write_text(text)
    assert main(["import", "crontab", str(crontab), "-o", str(file), "--timezone", "UTC"]) == 0
    (spec,) = load_file(file, tmp_path).specs
    after = {task.id: set(task.after) for task in spec.tasks}
    assert after == {
        "ingest_from_rest_api": set(),
        "ingest_from_database": set(),
        "transform_api_data": {"ingest_from_rest_api"},
        "combine_api_and_database": {"transform_api_data", "ingest_from_database"},
        "load_to_warehouse": {"combine_api_and_database"},
    }
    assert spec.schedule == ("calendar", "daily", 0, 0)
    said = capsys.readouterr().out
    assert said.count("guess ") == 4
    assert "60 min of safety gap go" in said
    assert "120 min of safety gap go" in said


def test_s13_segue_check_accepts_the_file(tmp_path: Path, capsys):
    crontab, file = tmp_path / "crontab", tmp_path / "nightly.py"
    crontab.write_text(CRONTAB)
    main(["import", "crontab", str(crontab), "-o", str(file), "--timezone", "UTC"])
    capsys.readouterr()
    assert main(["check", str(file), "--json"]) == 0
    (checked,) = json.loads(capsys.readouterr().out)["files"]
    assert [one["dag"] for one in checked["dags"]] == ["load_to_warehouse"]
    assert checked["problems"] == []
