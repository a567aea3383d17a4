"""The names of connections and secrets that are known without asking a back end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from segue.app.settings import Settings
from segue.app.vault import EnvironmentSource, FileSource, back_end_of
from segue.app.vault_store import SealedStore, rows
from segue.model.acts import SecretKind
from segue.model.ids import Instant

__all__ = ["KnownName", "known_names"]


@dataclass(frozen=True, slots=True)
class KnownName:
    """A name and its place; of the encrypted store also the name of its key, since when, and by whom."""

    name: str
    place: str
    key: str | None = None
    at: Instant | None = None
    actor: str | None = None


def known_names(settings: Settings, environ: Mapping[str, str], kind: SecretKind) -> list[KnownName]:
    """The names of a kind in the order in which places are asked, so that the first of two is the one that counts.

    Raises:
        VaultDown: the file cannot be read.
        UsageError: the settings name a back end that there is not.
    """
    return list(_names(settings, environ, kind))


def _names(settings: Settings, environ: Mapping[str, str], kind: SecretKind) -> Iterator[KnownName]:
    source = EnvironmentSource(environ)
    yield from (KnownName(name, source.place) for name in source.names(kind))
    back_end = back_end_of(settings)
    if isinstance(back_end, FileSource):
        yield from (KnownName(name, back_end.place) for name in back_end.names(kind))
    for row in rows(settings, kind):
        yield KnownName(row.name, SealedStore.place, row.key, row.at, row.actor)
