from pathlib import Path

import pytest

from segue.app.settings import find_project, read_settings
from segue.model.errors import UsageError
from segue.model.limits import Limits


def write(folder: Path, text: str, name: str = "pyproject.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder


def test_without_a_file_the_home_lies_in_the_working_directory(tmp_path):
    settings = read_settings(tmp_path, {})
    assert settings.home == tmp_path / ".segue"
    assert settings.storage == str(tmp_path / ".segue" / "storage")
    assert settings.file is None and settings.origin == {}


def test_the_storage_may_be_a_folder_or_a_url(tmp_path):
    write(tmp_path, '[tool.segue]\nstorage = "values"\n')
    assert read_settings(tmp_path, {}).storage == str(tmp_path / "values")
    assert read_settings(tmp_path / "deep", {"SEGUE_STORAGE": "s3://bucket/x"}).storage == "s3://bucket/x"


def test_the_project_is_found_upward_as_git_finds_its_root(tmp_path):
    root = write(tmp_path / "project", "[tool.segue]\nworkers = 3\n")
    deep = root / "a" / "b"
    deep.mkdir(parents=True)
    settings = read_settings(deep, {})
    assert (settings.root, settings.home, settings.workers) == (root, root / ".segue", 3)
    assert settings.origin == {"workers": "pyproject.toml"}


def test_the_nearest_project_counts(tmp_path):
    write(tmp_path, "")
    inner = write(tmp_path / "inner", "", "segue.toml")
    assert find_project(inner) == inner


@pytest.mark.parametrize("text", ["workers = 7\n", "[tool.segue]\nworkers = 7\n"])
def test_a_segue_toml_may_leave_the_name_of_the_table_out(tmp_path, text):
    assert read_settings(write(tmp_path, text, "segue.toml"), {}).workers == 7


def test_a_segue_toml_may_name_the_table_of_some_keys_and_leave_it_out_of_others(tmp_path):
    text = "workers = 7\n[pools]\nshop = 2\n[tool.segue.web]\nport = 8400\n"
    keys = read_settings(write(tmp_path, text, "segue.toml"), {}).keys
    assert (keys.workers, keys.pools, keys.web.port) == (7, {"shop": 2}, 8400)


def test_a_key_that_stands_there_plain_and_with_its_table_is_refused(tmp_path):
    write(tmp_path, "workers = 7\n[tool.segue]\nworkers = 8\n", "segue.toml")
    with pytest.raises(UsageError, match=r"segue\.toml: workers stands there twice"):
        read_settings(tmp_path, {})


def test_a_variable_beats_the_file_and_a_flag_beats_the_variable(tmp_path):
    write(tmp_path, '[tool.segue]\nworkers = 2\ngrace = "5s"\nhome = "here"\n')
    settings = read_settings(tmp_path, {"SEGUE_WORKERS": "5", "SEGUE_GRACE": "1s"}, {"workers": 9, "env": None})
    assert (settings.workers, settings.grace) == (9, 1_000_000)
    assert settings.origin == {"workers": "--workers", "grace": "SEGUE_GRACE", "home": "pyproject.toml"}


def test_a_path_of_the_file_is_relative_to_it_and_one_of_a_variable_to_the_working_directory(tmp_path):
    write(tmp_path, '[tool.segue]\nhome = "state"\n')
    below = tmp_path / "below"
    below.mkdir()
    assert read_settings(below, {}).home == tmp_path / "state"
    assert read_settings(below, {"SEGUE_HOME": "state"}).home == below / "state"


def test_an_unknown_key_names_the_file_and_the_nearest_key(tmp_path):
    write(tmp_path, "[tool.segue]\nworker = 2\n")
    with pytest.raises(UsageError, match=r"pyproject\.toml.*no key 'worker': did you mean workers\?"):
        read_settings(tmp_path, {})


@pytest.mark.parametrize(
    ("text", "environ", "message"),
    [
        ("workers = 'many'", {}, r"workers \(.*segue\.toml\)"),
        ("workers = 0", {}, "1 or more"),
        ("grace = '10 parsecs'", {}, r"grace \(.*segue\.toml\).*not a duration"),
        ("executor = 'thread'", {}, "executor"),
        ("[pools]\nwarehouse = -1", {}, r"pools.*segue\.toml.*>= 1"),
        ("memory = '2 giga'", {}, r"memory \(.*segue\.toml\).*'2GB'"),
        ("guards = 'loud'", {}, "guards"),
        ("backfill_reserve = -1", {}, "backfill_reserve"),
        ("workers = = 2", {}, "cannot be read"),
        ("", {"SEGUE_WORKERS": "x"}, "SEGUE_WORKERS=x is no whole number"),
        ("", {"SEGUE_EXECUTOR": "dusk"}, r"executor \(SEGUE_EXECUTOR\)"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(tmp_path, text, environ, message):
    write(tmp_path, text, "segue.toml")
    with pytest.raises(UsageError, match=message):
        read_settings(tmp_path, environ)


def test_variables_that_are_no_settings_are_left_alone(tmp_path):
    assert read_settings(tmp_path, {"SEGUE_RUN_ID": "x", "SEGUE_CONNECTION_SHOP": "y"}).origin == {}


def test_an_environment_is_chosen_by_name_and_defined_in_the_file(tmp_path):
    write(tmp_path, '[tool.segue.env.dev]\nregion = "eu"\n')
    settings = read_settings(tmp_path, {"SEGUE_ENV": "dev"})
    assert settings.env == "dev" and settings.envs == {"dev": {"region": "eu"}}


def test_there_are_at_least_four_workers(tmp_path):
    assert read_settings(tmp_path, {}).workers >= 4


def test_several_folders_of_dags_may_be_named(tmp_path):
    write(tmp_path, 'dags = ["a", "b"]', "segue.toml")
    assert read_settings(tmp_path, {}).dags == (tmp_path / "a", tmp_path / "b")
    assert read_settings(tmp_path, {"SEGUE_DAGS": "x:y"}).dags == (tmp_path / "x", tmp_path / "y")


def test_there_are_at_most_forty_keys(tmp_path):
    settings = read_settings(tmp_path, {})
    assert len(settings.keys.__struct_fields__) <= 40


def test_limits_come_from_the_file_and_from_the_machine(tmp_path):
    text = "[pools]\nwarehouse = 4\n[resources]\ngpu = 2\n"
    (tmp_path / "segue.toml").write_text(text)
    settings = read_settings(tmp_path, {})
    assert settings.limits(memory=8) == Limits((("warehouse", 4),), (("gpu", 2), ("memory", 8)), "hold", 1)
    (tmp_path / "segue.toml").write_text('memory = "2GB"\n')
    assert read_settings(tmp_path, {}).limits(memory=8).resources == (("memory", 2_000_000_000),)


@pytest.mark.parametrize(
    ("text", "env", "guards"),
    [
        ("", None, "hold"),
        ("", "dev", "warn"),
        ("", "prod", "hold"),
        ('guards = "off"', None, "off"),
        ('[guards]\nstaging = "warn"', "staging", "warn"),
        ('[guards]\nstaging = "warn"', "dev", "hold"),
    ],
)
def test_guards_are_strict_by_environment(tmp_path, text, env, guards):
    (tmp_path / "segue.toml").write_text(text)
    assert read_settings(tmp_path, {}, {"env": env}).limits(memory=8).guards == guards


def test_a_table_is_not_written_in_a_variable(tmp_path):
    with pytest.raises(UsageError, match="SEGUE_POOLS: pools is a table, write it in segue.toml"):
        read_settings(tmp_path, {"SEGUE_POOLS": "warehouse=4"})


def test_how_long_things_are_kept_is_a_table_of_durations(tmp_path):
    keep = read_settings(write(tmp_path, '[tool.segue.keep]\nruns = "400d"\n'), {}).keys.keep
    assert (keep.runs, keep.logs, keep.results) == ("400d", "30d", "14d")
    for text, said in (('runs = "long"', "is not a duration"), ('audit = "1d"', "unknown field `audit`")):
        with pytest.raises(UsageError, match=said):
            read_settings(write(tmp_path, f"[tool.segue.keep]\n{text}\n"), {})
    with pytest.raises(UsageError, match="is a table, write it in segue.toml"):
        read_settings(tmp_path / "other", {"SEGUE_KEEP": "1d"})
