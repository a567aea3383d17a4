import os
import subprocess
import sys

from segue.testing.world.plan import draw_plan
from segue.testing.world.play import play

SEEDS = (3, 16, 57)


def test_a_world_is_the_same_each_time() -> None:
    for seed in range(30):
        assert play(draw_plan(seed)) == play(draw_plan(seed))


def test_a_world_is_the_same_under_every_hash_seed() -> None:
    told = {
        hash_seed: [
            subprocess.run(
                [sys.executable, "-m", "segue.testing", "--seed", str(seed)],
                env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True,
            ).stdout
            for seed in SEEDS
        ]
        for hash_seed in ("0", "4242")
    }  # fmt: skip
    assert told["0"] == told["4242"]
    assert all("digest" in line for line in told["0"])
