"""A Segue server, from Python: `Client(url, token)`; what goes over the wire is `segue.model.api`."""

from segue.client.client import Client

__all__ = ["Client"]
