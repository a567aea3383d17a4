import os
import subprocess
import sys

from segue.testing.world.plan import draw_plan
from segue.testing.world.play import play
from segue.testing.world.timed import draw_timed

LINES = (*(("--seed", seed) for seed in ("3", "16", "57")), *(("--seed", seed, "--timed") for seed in ("1", "3", "6")))


def test_a_world_is_the_same_each_time() -> None:
    for seed in range(30):
        assert play(draw_plan(seed)) == play(draw_plan(seed))
    for seed in range(5):
        assert play(draw_timed(seed)) == play(draw_timed(seed))


def test_a_world_is_the_same_under_every_hash_seed() -> None:
    told = {
        hash_seed: [
            subprocess.run(
                [sys.executable, "-m", "segue.testing", *line],
                env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True,
            ).stdout
            for line in LINES
        ]
        for hash_seed in ("0", "4242")
    }  # fmt: skip
    assert told["0"] == told["4242"]
    assert all("digest" in line for line in told["0"])
