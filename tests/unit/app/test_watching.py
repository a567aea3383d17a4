from segue.app.foretelling import Foretelling
from segue.app.settings import read_settings
from segue.app.watching import Watcher
from segue.model.errors import EnvironmentFault
from segue.model.ids import Instant


def test_a_watcher_that_cannot_ask_the_store_says_so_and_tries_again(tmp_path):
    (tmp_path / "segue.toml").touch()
    said, asked = [], []

    def known():
        asked.append(True)
        if len(asked) == 1:
            watcher.poke()  # it need not wait
            raise EnvironmentFault("the database is away")
        return {}

    def say(text):
        said.append(text)
        if len(asked) == 2:
            watcher.stop()

    settings = read_settings(tmp_path, {})
    watcher = Watcher(settings, [tmp_path], known, lambda *_: None, say, Foretelling(lambda: Instant(0)))
    watcher.run()
    assert said == [
        "DAG files cannot be looked at, again in 5 s: the database is away",
        f"0 DAG files in {tmp_path}",
    ]
