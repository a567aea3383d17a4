"""A gate over a real file, with passwords that cost nothing and are counted."""

import hashlib
from contextlib import contextmanager
from itertools import count

from segue.model.access import Grant, Role
from segue.model.ids import Instant
from segue.show.access.gate import Keeper
from segue.show.access.minting import Mint
from segue.store.access.sqlite import open_book

NOW = Instant(1_775_000_000_000_000)
SECOND, MINUTE, HOUR, DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000
GOOD, OTHER = "tulip-ferry-glass-9", "copper-lantern-owl-7"
HOME, AWAY = "192.0.2.7", "198.51.100.9"
ADMIN = Grant(Role.ADMIN)


class Counted:
    """Says what was verified; a real hash would take 50 ms."""

    def __init__(self) -> None:
        self.verified: list[bool] = []

    def hash(self, password):
        return f"hash of {password}"

    def verify(self, password, kept):
        self.verified.append(kept is not None)
        return kept == f"hash of {password}"


def draws():
    """Bytes that nobody has drawn before, the same ones in every test."""
    numbers = count(1)
    return lambda size: hashlib.shake_256(next(numbers).to_bytes(8)).digest(size)


class Stage:
    def __init__(self, folder, draw=None) -> None:
        self.folder, self.passwords = folder, Counted()
        self.book = open_book(folder)
        self.mint = Mint(draw or draws())
        self.keeper = Keeper(self.book, self.mint, self.passwords)
        self.entering, self.people = self.keeper.entering, self.keeper.people

    def add(self, name, *grants, password=GOOD):
        return self.people.add_user(name, grants or (ADMIN,), password, "root", NOW)

    def enter(self, name="dana", password=GOOD, address=HOME, now=NOW):
        return self.entering.sign_in(name, password, address, now)

    @contextmanager
    def elsewhere(self):
        """Another process on the same file."""
        other = Stage(self.folder, draw=lambda size: bytes(reversed(self.mint._draw(size))))
        try:
            yield other
        finally:
            other.keeper.close()

    def audit(self):
        return [(row.note.actor, row.note.action, row.note.ok) for row in self.keeper.audit()]
