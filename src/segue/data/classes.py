"""Finding the class of a stored value again."""

from __future__ import annotations

from functools import reduce
from importlib import import_module

__all__ = ["find_class"]


def find_class(path: str) -> type | None:
    """Find a class by `module:qualname`, importing its module; None where it is not there (inside a function, say).

    For the attempt child only: it runs the code of the module.
    """
    module, _, name = path.partition(":")
    try:
        found: object = reduce(getattr, name.split("."), import_module(module))
    except (ImportError, AttributeError, ValueError):
        return None
    return found if isinstance(found, type) else None
