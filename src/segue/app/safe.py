"""What the settings of a home say to the HTTP side, and its encrypted store, which takes values and gives none."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager

from segue.app.probing import probe
from segue.app.settings import Settings
from segue.app.vault import open_vault
from segue.app.vault_listing import known_names
from segue.app.vault_store import seal_param, sealed
from segue.model.acts import SecretKind, SetSecret
from segue.model.address import Address
from segue.model.api.outcomes import KnownName
from segue.model.moment import iso_utc
from segue.show.backdoors import House

__all__ = ["HomeSafe", "house_of"]


def house_of(settings: Settings) -> House:
    """What acts have to know of the settings."""
    keys = settings.keys
    return House(keys.timezone, settings.workers, keys.backfill_reserve, settings.limits(0).results)


class HomeSafe:
    """See `segue.show.backdoors.Safe`.

    Args:
        settings: in force.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def sealed(self, kind: SecretKind, name: str, value: str) -> AbstractContextManager[SetSecret]:
        """What asks for it that a value is kept."""
        return sealed(self._settings, kind, name, value)

    def seal_param(self, name: str, value: object) -> bytes:
        """Encrypt the value of a secret param."""
        return seal_param(self._settings, name, value)

    def names(self, kind: SecretKind) -> list[KnownName]:
        """The names that are known without asking a back end."""
        return [
            KnownName(one.name, one.place, one.key, None if one.at is None else iso_utc(one.at), one.actor)
            for one in known_names(self._settings, os.environ, kind)
        ]

    def test(self, connection: str) -> str:
        """Connect to where a connection leads."""
        found = open_vault(self._settings, os.environ).find("connection", connection)
        return f"{probe(connection, Address.of(found.value))} (its address: {found.place})"
