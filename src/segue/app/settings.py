from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from segue.app.locations import Location, read_locations
from segue.data.storage import is_url
from segue.model.duration import microseconds
from segue.model.errors import UsageError
from segue.model.limits import Guards, Limits
from segue.model.size import bytes_of

__all__ = [
    "FILES",
    "AlertTable",
    "ChannelTable",
    "KeepTable",
    "OidcTable",
    "Settings",
    "WebTable",
    "find_project",
    "machine_memory",
    "read_settings",
]

FILES: Final = ("segue.toml", "pyproject.toml")
_TABLES: Final = ("pools", "resources", "secrets", "locations", "alerts", "channels", "keep", "oidc")
_WEB: Final = {"SEGUE_WEB_HOST": "host", "SEGUE_WEB_PORT": "port"}
Slots: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]


class AlertTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[tool.segue.alerts]]`: alerts of these kinds about what a selection names go to these targets."""

    to: str | list[str]
    when: str | list[str] = msgspec.field(default_factory=lambda: ["failed", "deadline", "missed", "held", "past"])
    select: str = "*"


class ChannelTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[tool.segue.channels.NAME]`; addresses, or `secret:NAME`."""

    kind: Literal["webhook", "slack", "email"]
    url: str
    room: str = ""
    sender: str = msgspec.field(default="", name="from")
    receivers: str | list[str] = msgspec.field(default_factory=list, name="to")
    header: str = ""


class KeepTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long after their end runs are kept, their logs, and what they have stored (`[tool.segue.keep]`)."""

    runs: str = "180d"
    logs: str = "30d"
    results: str = "14d"


class OidcTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where else people sign in (`[tool.segue.oidc]`).

    Args:
        issuer: address of the provider, as its tokens name it.
        client_id: what Segue is called there.
        client_secret: `secret:NAME`; empty for a public client.
        scopes: that are asked for.
        user: claim that holds the name of a user; `email` must be verified.
        roles_claim: claim that holds groups.
        roles: group -> `viewer`, `operator on tag:retail`; without this table roles are given with `segue user`.
    """

    issuer: str
    client_id: str
    client_secret: str = ""
    scopes: str = "openid profile email"
    user: str = "email"
    roles_claim: str = "groups"
    roles: dict[str, str | list[str]] | None = None


class WebTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the web server listens (`[tool.segue.web]`).

    Args:
        host: address or name of a network interface.
        port: 0 for any that is free; which one it was stands in `web.json` in the home.
        public_host: names under which others than this machine call it; without one it listens for this machine only.
        proxies: addresses of proxies before it, whose `X-Forwarded-For` is believed.
        open_metrics: `/metrics` needs no token, where it listens for this machine only.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8321
    public_host: str | list[str] = msgspec.field(default_factory=list)
    proxies: list[str] = msgspec.field(default_factory=list)
    open_metrics: bool = False

    @property
    def public_hosts(self) -> tuple[str, ...]:
        """The names under which others call it, in lower case."""
        names = [self.public_host] if isinstance(self.public_host, str) else self.public_host
        return tuple(name.lower() for name in names)


class _Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `[tool.segue]` may hold. Durations are written as in DAG files, sizes in bytes."""

    home: str | None = None
    storage: str | None = None
    logs: str | None = None
    dags: str | list[str] = "."
    workers: int | None = None
    executor: Literal["process"] = "process"
    queue_ahead: int = 64
    grace: str = "10s"
    log_limit: int = 50_000_000
    definition_timeout: str = "30s"
    definition_memory: int = 2 * 1024**3
    timezone: str = "UTC"
    env: str | dict[str, dict[str, Any]] | None = None
    pools: dict[str, Slots] = {}
    resources: dict[str, Slots] = {}
    memory: str | int | None = None
    guards: Guards | dict[str, Guards] = msgspec.field(default_factory=lambda: {"dev": "warn"})
    backfill_reserve: Annotated[int, msgspec.Meta(ge=0)] = 1
    secrets: dict[str, str] = {}
    locations: dict[str, dict[str, Any]] = {}
    alerts: list[AlertTable] = []
    channels: dict[str, ChannelTable] = {}
    alert_hosts: list[str] = []
    hold_reminder: str = "1h"
    keep: KeepTable = KeepTable()
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    worker_price: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    web: WebTable | bool = WebTable()
    oidc: OidcTable | None = None


class Settings(msgspec.Struct, frozen=True):
    """The settings in force, and where each that is not a default came from.

    Args:
        root: the project's folder, or the working directory where there is no project.
        file: the settings file, None where there is none.
        keys: the values.
        home: folder of database, bundles and socket.
        storage: folder of values by reference, or the URL of one.
        logs: folder of attempts' logs.
        env: name of the environment, None where none is chosen.
        envs: the arguments of DAG functions by environment.
        locations: folders with an interpreter of their own.
        origin: key -> `"segue.toml"`, `"SEGUE_HOME"`, `"--home"`.
        behind: of a scratch home the real one, which knows DAGs, connections and secrets; None: `home` is the real one.
    """

    root: Path
    file: Path | None
    keys: _Keys
    home: Path
    storage: str
    logs: Path
    env: str | None
    envs: dict[str, dict[str, Any]]
    locations: tuple[Location, ...]
    origin: dict[str, str]
    behind: Path | None = None

    @property
    def real_home(self) -> Path:
        """The home that is not thrown away."""
        return self.behind or self.home

    @property
    def workers(self) -> int:
        """How many attempts run at once: as many as the machine has cores, but four at least."""
        return self.keys.workers or max(4, os.cpu_count() or 1)

    @property
    def web(self) -> WebTable | None:
        """Where the web server listens, None where there is to be none (`web = false`)."""
        web = self.keys.web
        return (WebTable() if web else None) if isinstance(web, bool) else web

    @property
    def grace(self) -> int:
        """From TERM to KILL, in microseconds."""
        return microseconds(self.keys.grace)

    @property
    def definition_timeout(self) -> int:
        """What loading one DAG file may take, in microseconds."""
        return microseconds(self.keys.definition_timeout)

    def limits(self, memory: int) -> Limits:
        """What the engine is told; `memory` are the machine's bytes, for attempts together where no setting says so."""
        keys = self.keys
        guards = keys.guards if isinstance(keys.guards, str) else keys.guards.get(self.env or "", "hold")
        together = {**keys.resources, "memory": memory if keys.memory is None else bytes_of(keys.memory)}
        return Limits(
            tuple(keys.pools.items()), tuple(together.items()), guards, keys.backfill_reserve,
            microseconds(keys.hold_reminder), microseconds(keys.keep.results),
        )  # fmt: skip

    @property
    def dags(self) -> tuple[Path, ...]:
        """The folders and files with DAGs: those of `dags`, and of the locations."""
        names = [self.keys.dags] if isinstance(self.keys.dags, str) else self.keys.dags
        return (*(self.root / name for name in names), *(location.path for location in self.locations))


def machine_memory() -> int:
    """Bytes of memory that this machine has."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def find_project(start: Path) -> Path | None:
    """The nearest folder from `start` upward that holds a `segue.toml` or a `pyproject.toml`."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if any((folder / name).is_file() for name in FILES):
            return folder
    return None


def read_settings(start: Path, environ: Mapping[str, str], flags: Mapping[str, object] | None = None) -> Settings:
    """Read the settings that hold in a folder: file, overridden by `SEGUE_*`, overridden by flags.

    Args:
        start: where the search for the project begins: the working directory.
        environ: the environment of the process.
        flags: what the command line says; None values do not count.

    Raises:
        UsageError: an unknown key (the nearest is named) or a value of the wrong kind, with its place.
    """
    project = find_project(start)
    root = project or start.resolve()
    file, table = _table(project)
    origin = dict.fromkeys(table, file.name if file else "")
    envs = table.pop("env", None) if isinstance(table.get("env"), dict) else {}
    for name in _Keys.__struct_fields__:
        variable = f"SEGUE_{name.upper()}"
        if environ.get(variable):
            table[name], origin[name] = _read_variable(variable, name, environ[variable]), variable
    _read_web(table, origin, environ)
    for name, value in (flags or {}).items():
        if value is not None:
            table[name], origin[name] = value, f"--{name}"
    keys = _convert(table, origin, file)
    home = _folder(keys.home, origin.get("home"), root, start) or root / ".segue"
    return Settings(
        root=root, file=file, keys=keys, home=home, envs=envs, origin=origin,
        locations=read_locations(keys.locations, root, file),
        storage=_place(keys.storage, origin.get("storage"), root, start) or str(home / "storage"),
        logs=_folder(keys.logs, origin.get("logs"), root, start) or home / "logs",
        env=keys.env if isinstance(keys.env, str) else None,
    )  # fmt: skip


def _table(project: Path | None) -> tuple[Path | None, dict[str, Any]]:
    for name in FILES if project else ():
        assert project is not None
        path = project / name
        if not path.is_file():
            continue
        try:
            content: Any = tomllib.loads(path.read_text())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as why:
            raise UsageError(f"{path} cannot be read: {why}") from None
        content = content.get("tool", {}).get("segue", {}) if name == "pyproject.toml" else _unwrapped(path, content)
        if content or name == "segue.toml":
            return path, dict(content)
    return None, {}


def _unwrapped(path: Path, content: dict[str, Any]) -> dict[str, Any]:
    """In `segue.toml` the table's name may be left out, of some keys or of all."""
    inner = content.get("tool", {}).get("segue") if isinstance(content.get("tool"), dict) else None
    if inner is None:
        return content
    plain = {name: value for name, value in content.items() if name != "tool"}
    if twice := sorted(plain.keys() & inner.keys()):
        raise UsageError(f"{path}: {twice[0]} stands there twice, plain and in [tool.segue]: keep one of them")
    return {**plain, **inner}


def _read_web(table: dict[str, Any], origin: dict[str, str], environ: Mapping[str, str]) -> None:
    """The server's place is what people change for one start."""
    for variable, name in _WEB.items():
        if environ.get(variable) and table.get("web") is not False:
            web = table.get("web")
            value = _read_port(variable, environ[variable]) if name == "port" else environ[variable]
            table["web"], origin["web"] = {**(web if isinstance(web, dict) else {}), name: value}, variable


def _read_port(variable: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{variable}={text} is no whole number") from None


def _read_variable(variable: str, name: str, text: str) -> object:
    if name in _TABLES:
        raise UsageError(f"{variable}: {name} is a table, write it in segue.toml: [tool.segue.{name}]")
    kind = type(getattr(_Keys(), name))
    try:
        if name == "workers" or kind is int:
            return int(text)
        if kind is float:
            return float(text)
    except ValueError:
        raise UsageError(f"{variable}={text} is no {'' if kind is float else 'whole '}number") from None
    if kind is bool or name == "web":
        return text.lower() not in ("0", "false", "no", "off")
    if name == "alert_hosts":
        return [part.strip() for part in text.split(",")]
    return text.split(os.pathsep) if name == "dags" else text


def _convert(table: dict[str, Any], origin: dict[str, str], file: Path | None) -> _Keys:
    for name in table:
        if name not in _Keys.__struct_fields__:
            near = difflib.get_close_matches(name, _Keys.__struct_fields__, 1)
            hint = f": did you mean {near[0]}?" if near else f"; there are {', '.join(_Keys.__struct_fields__)}"
            raise UsageError(f"{file}: [tool.segue] has no key {name!r}{hint}")
    try:
        keys = msgspec.convert(table, _Keys)
        for name in ("grace", "definition_timeout", "hold_reminder"):
            _duration(getattr(keys, name), name)
        if keys.workers is not None and keys.workers < 1:
            raise msgspec.ValidationError("Expected 1 or more - at `$.workers`")
        for name in KeepTable.__struct_fields__:
            _duration(getattr(keys.keep, name), f"keep.{name}")
        _size(keys.memory, "memory")
    except msgspec.ValidationError as why:
        text, _, place = str(why).partition(" - at `$.")
        name = place.rstrip("`").partition(".")[0].partition("[")[0]
        source = origin.get(name, "")
        where = file if file and source == file.name else source
        raise UsageError(f"setting {place.rstrip('`')} ({where}): {text}") from None
    return keys


def _duration(text: str, name: str) -> None:
    try:
        microseconds(text)
    except ValueError as why:
        raise msgspec.ValidationError(f"{why} - at `$.{name}`") from None


def _size(size: str | int | None, name: str) -> None:
    try:
        if size is not None:
            bytes_of(size)
    except ValueError as why:
        raise msgspec.ValidationError(f"{why} - at `$.{name}`") from None


def _folder(value: str | None, origin: str | None, root: Path, start: Path) -> Path | None:
    """A path of the file is relative to the file; one of a variable or flag to the working directory."""
    if value is None:
        return None
    beside = root if origin in FILES else start
    return (beside / Path(value).expanduser()).resolve()


def _place(value: str | None, origin: str | None, root: Path, start: Path) -> str | None:
    """A URL as it is, a path as an absolute one."""
    if value is None or is_url(value):
        return value
    return str(_folder(value, origin, root, start))
