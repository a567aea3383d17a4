from typing import Final

__all__ = ["VERSION"]

VERSION: Final = "0.1.0.dev0"
"""Version of this Segue, as in pyproject.toml. Owner and children must agree on it, whoever installed them."""
