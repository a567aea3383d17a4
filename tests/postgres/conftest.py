import shutil
import tempfile
from pathlib import Path

import pytest

from tests.postgres.proxy import Proxy
from tests.postgres_server import running_server


@pytest.fixture(scope="session")
def server():
    with running_server(fsync=False) as running:  # what is killed here are processes; the machine lives on
        yield running


@pytest.fixture
def database(server):
    name = server.new_database()
    yield name
    server.drop_database(name)


@pytest.fixture
def url(server, database):
    return server.url(database)


@pytest.fixture
def proxy(server):
    # A socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="segue-proxy-"))
    proxy = Proxy(folder, server.socket)
    yield proxy
    proxy.close()
    shutil.rmtree(folder)
