import json

import pytest

from segue.app.settings import read_settings
from segue.app.telling import Teller
from segue.model.errors import EnvironmentFault


def test_a_sender_of_alerts_one_of_whose_threads_has_died_does_not_go_on_deaf(tmp_path):
    (tmp_path / "segue.toml").touch()
    settings = read_settings(tmp_path, {})
    settings.home.mkdir()
    (settings.home / "owner.json").write_text(json.dumps({"socket": "x" * 5_000}))  # no name of a file
    with pytest.raises(EnvironmentFault, match="a thread has ended: OSError"):
        Teller(settings, lambda _: None).run()
