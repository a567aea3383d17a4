from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from segue.app.declared import missing_names
from segue.app.settings import Settings, read_settings
from segue.app.vault import (
    EnvironmentSource,
    FileSource,
    ProjectVault,
    open_vault,
)
from segue.app.vault_store import check_name, check_value
from segue.model.errors import UnknownName, UsageError, VaultDown
from segue.model.spec import DagSpec, Rules, TaskSpec


class Shelf:
    """A place of this test."""

    def __init__(self, place: str, **known: str) -> None:
        self.place, self.known = place, known
        self.asked: list[str] = []

    def find(self, kind: str, name: str) -> str | None:
        self.asked.append(name)
        return self.known.get(f"{kind}_{name}")


def _unsealed(name: str, sealed: bytes) -> str:
    return f"{name} {sealed.decode()}"


def settings_of(folder: Path, text: str = "") -> Settings:
    folder.mkdir(exist_ok=True)
    (folder / "segue.toml").write_text(text)
    return read_settings(folder, {})


# -------------------------------------------------------------------------------------------------------------- order
def test_the_first_place_that_knows_a_name_wins_and_the_rest_is_not_asked():
    first, second = Shelf("the first", secret_a="1"), Shelf("the second", secret_a="2", secret_b="3")
    vault = ProjectVault([first, second], _unsealed)
    assert vault.reveal((), ("a", "b")) == ({}, {"a": "1", "b": "3"})
    assert second.asked == ["b"]
    assert vault.find("secret", "b").place == "the second" and "3" not in repr(vault.find("secret", "b"))


def test_a_name_that_is_nowhere_says_where_it_was_looked_for_and_what_adds_it():
    vault = ProjectVault([Shelf("the first"), Shelf("the second")], _unsealed)
    with pytest.raises(UnknownName) as nowhere:
        vault.reveal(("shop",), ())
    assert str(nowhere.value) == (
        "there is no connection 'shop': looked in the first, the second. Add it with `segue connection add shop URI` "
        "or set SEGUE_CONNECTION_SHOP"
    )
    with pytest.raises(UnknownName, match="`segue secret set api` or set SEGUE_SECRET_API"):
        vault.reveal((), ("api",))


def test_params_are_decrypted_by_name():
    assert ProjectVault([], _unsealed).unseal({"a": b"x", "b": b"y"}) == {"a": "a x", "b": "b y"}


# -------------------------------------------------------------------------------------------------------- environment
def test_a_variable_is_named_after_kind_and_name():
    source = EnvironmentSource(
        {"SEGUE_CONNECTION_SHOP_EU": "http://h/", "SEGUE_SECRET_API": "canary", "SEGUE_SECRET_X": ""}
    )
    assert source.find("connection", "shop.eu") == "http://h/" and source.find("secret", "api") == "canary"
    assert source.find("secret", "x") is None and source.find("connection", "api") is None
    assert source.names("connection") == ["shop_eu"]


def test_the_key_of_the_store_is_no_secret_that_a_task_could_name():
    source = EnvironmentSource({"SEGUE_SECRET_KEY": "the key"})
    assert source.find("secret", "key") is None and source.find("secret", "KEY") is None
    assert source.names("secret") == []
    with pytest.raises(UnknownName) as nowhere:
        ProjectVault([source], _unsealed).find("secret", "key")
    assert "SEGUE_SECRET_KEY" not in str(nowhere.value)


# --------------------------------------------------------------------------------------------------------------- file
@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "secrets.toml"
    path.write_text('[connections]\nshop = "http://h/"\n[secrets]\napi = "canary"\nbad = 3\n')
    path.chmod(0o600)
    return path


def test_a_file_has_a_table_for_each_kind(file: Path, tmp_path: Path):
    source = FileSource(file, tmp_path / "project")
    assert source.find("connection", "shop") == "http://h/" and source.find("secret", "api") == "canary"
    assert source.find("secret", "shop") is None and source.names("secret") == ["api", "bad"]


def test_a_file_that_does_not_exist_knows_nothing(tmp_path: Path):
    assert FileSource(tmp_path / "none.toml", tmp_path / "project").find("secret", "api") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused(file: Path, tmp_path: Path, mode: int):
    file.chmod(mode)
    with pytest.raises(VaultDown, match=f"is open to others \\(mode {mode:04o}\\): `chmod 600"):
        FileSource(file, tmp_path / "project").find("secret", "api")


def test_a_file_inside_of_the_repository_is_refused(file: Path, tmp_path: Path):
    with pytest.raises(VaultDown, match="lies inside of the repository"):
        FileSource(file, tmp_path).find("secret", "api")
    (tmp_path / ".git").mkdir()
    with pytest.raises(VaultDown, match=f"inside of the repository {tmp_path}:"):
        FileSource(file, tmp_path / "sub" / "project").find("secret", "api")


@pytest.mark.parametrize("text", ["api = ", "\xff"])
def test_a_file_that_is_no_toml_is_refused_without_quoting_it(file: Path, tmp_path: Path, text: str):
    file.write_bytes(f"[secrets]\n{text}".encode("latin-1"))
    with pytest.raises(VaultDown, match="it is no TOML"):
        FileSource(file, tmp_path / "project").find("secret", "api")


def test_an_entry_that_is_no_text_is_refused(file: Path, tmp_path: Path):
    with pytest.raises(VaultDown, match="secret bad is no text"):
        FileSource(file, tmp_path / "project").find("secret", "bad")
    file.write_text("secrets = 3\n")
    with pytest.raises(VaultDown, match=r"\[secrets\] is no table"):
        FileSource(file, tmp_path / "project").find("secret", "bad")


# ----------------------------------------------------------------------------------------------------- the settings say
def test_the_settings_name_the_file(file: Path, tmp_path: Path):
    settings = settings_of(tmp_path / "project", f'[secrets]\nbackend = "file"\npath = "{file}"\n')
    vault = open_vault(settings, {"SEGUE_SECRET_API": "from outside"})
    assert vault.find("secret", "api").value == "from outside"
    assert vault.find("connection", "shop").place == str(file)
    with pytest.raises(UnknownName, match=f"looked in the environment, {file}, the encrypted store"):
        vault.find("secret", "other")


def test_a_back_end_that_is_not_installed_is_refused_with_those_that_are(tmp_path: Path):
    settings = settings_of(tmp_path / "project", '[secrets]\nbackend = "nimbus"\n')
    with pytest.raises(UsageError, match="backend = 'nimbus' is not installed; there are: file"):
        open_vault(settings, {})
    with pytest.raises(UsageError, match="names no back end"):
        open_vault(settings_of(tmp_path / "project", '[secrets]\npath = "x"\n'), {})


class Nimbus:
    """A back end that somebody else wrote."""

    def __init__(self, table: dict[str, str]) -> None:
        if "region" not in table:
            raise KeyError("region")
        self.region = table["region"]

    def find(self, kind: str, name: str) -> object:
        if name == "breaks":
            raise OSError("canary in a foreign message")
        return {"api": f"from {self.region}", "odd": 3}.get(name)


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution that offers a back end."""
    folder = tmp_path / "site" / "nimbus_secrets-1.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: nimbus-secrets\nVersion: 1\n")
    (folder / "entry_points.txt").write_text(f"[segue.secrets]\nnimbus = {__name__}:Nimbus\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    entry = EntryPoint("nimbus", f"{__name__}:Nimbus", "segue.secrets")
    assert entry.load() is Nimbus


def test_a_back_end_comes_through_the_door_by_its_name(tmp_path: Path, door: None):
    settings = settings_of(tmp_path / "project", '[secrets]\nbackend = "nimbus"\nregion = "eu"\n')
    vault = open_vault(settings, {})
    assert vault.find("secret", "api").value == "from eu"
    assert vault.find("secret", "api").place == "the back end 'nimbus'"
    with pytest.raises(VaultDown, match=r"'nimbus' does not answer: OSError$"):
        vault.find("secret", "breaks")
    with pytest.raises(VaultDown, match="gave no text for secret odd"):
        vault.find("secret", "odd")
    with pytest.raises(UsageError, match="'nimbus' cannot be used: KeyError"):
        open_vault(settings_of(tmp_path / "project", '[secrets]\nbackend = "nimbus"\n'), {})


# -------------------------------------------------------------------------------------------------------------- values
@pytest.mark.parametrize("name", ["", "9a", "a b", "a/b", "é", "a" * 201])
def test_what_no_task_could_name_is_refused(name: str):
    with pytest.raises(UsageError, match="is no name of a secret"):
        check_name("secret", name)


def test_what_cannot_be_kept_secret_is_refused():
    check_value("connection", "shop", "sqlite:///x.db")
    check_value("secret", "api", "abcd")
    for kind, value, why in [
        ("secret", "", "secret x is empty"),
        ("secret", "abc", "less than 4"),
        ("connection", "http://u:abc@h/", "less than 4"),
        ("connection", "http://h:port/", "no URI"),
    ]:
        with pytest.raises(UsageError, match=why):
            check_value(kind, "x", value)  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------------------- what tasks declare
def test_names_that_are_nowhere_are_told_once_with_the_way_out(tmp_path: Path):
    settings = settings_of(tmp_path / "project", "[pools]\nwarehouse = 4\n[resources]\ngpu = 2\n")
    good = Rules(connections=("shop",), secrets=("api",), pool="warehouse", resources=(("memory", 5), ("gpu", 1)))
    bad = Rules(connections=("none",), secrets=("gone",), pool="nowhere", resources=(("tpu", 1),))
    spec = DagSpec("d", (TaskSpec("a", good, line=3), TaskSpec("b", bad, line=7), TaskSpec("c", bad, line=9)))
    environ = {"SEGUE_CONNECTION_SHOP": "http://h/", "SEGUE_SECRET_API": "canary"}
    found = missing_names(settings, environ, spec)
    assert [(one.task, one.line) for one in found] == [("b", 7)] * 4
    told = "\n".join(one.text for one in found)
    for command in (
        "segue connection add none",
        "segue secret set gone",
        "segue pool set nowhere",
        "tool.segue.resources",
    ):
        assert command in told
    assert not settings.home.exists()


def test_a_place_that_cannot_be_asked_may_have_the_name(tmp_path: Path, file: Path):
    file.chmod(0o644)
    settings = settings_of(tmp_path / "project", f'[secrets]\nbackend = "file"\npath = "{file}"\n')
    assert missing_names(settings, {}, DagSpec("d", (TaskSpec("a", Rules(secrets=("api",))),))) == []
