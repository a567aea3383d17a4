"""The bare limits that every figure is compared with, measured in the same run on the same machine."""

from __future__ import annotations

import multiprocessing
import resource
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor, wait
from pathlib import Path

__all__ = ["durable_commit", "pool_rate", "pool_round_trip", "python_pass"]


def nothing(number: int = 0) -> int:
    """The task of every benchmark: gives its argument back."""
    return number


def pool_rate(tasks: int, workers: int) -> float:
    """Tasks a second of a warm `ProcessPoolExecutor`, submitted one by one."""
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        wait([pool.submit(nothing, number) for number in range(50 * workers)])
        begun = time.perf_counter()
        futures: list[Future[int]] = [pool.submit(nothing, number) for number in range(tasks)]
        wait(futures)
        return tasks / (time.perf_counter() - begun)


def pool_round_trip(times: int = 300) -> float:
    """Seconds from submitting one task to having its result, warm pool of one."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        for number in range(50):
            pool.submit(nothing, number).result()
        begun = time.perf_counter()
        for number in range(times):
            pool.submit(nothing, number).result()
        return (time.perf_counter() - begun) / times


def durable_commit(folder: Path, times: int = 200) -> float:
    """Seconds of one durable SQLite commit: WAL, `synchronous=FULL`, one row, the log kept and pre-grown as ours is."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    try:
        connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)"
        )
        connection.execute("PRAGMA wal_autocheckpoint=0")
        for number in range(2 * times):
            if number == times:
                begun = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO rows (text) VALUES (?)", (f"row {number}",))
            connection.execute("COMMIT")
        return (time.perf_counter() - begun) / times
    finally:
        connection.close()


def python_pass(times: int = 10) -> tuple[float, float]:
    """(wall seconds, CPU seconds) of `python -c pass`, medians."""
    return command_cost([sys.executable, "-c", "pass"], times)


def command_cost(command: list[str], times: int) -> tuple[float, float]:
    """(wall seconds, CPU seconds of the process and its waited-for children) of a command, medians."""
    walls, cpus = [], []
    for _ in range(times):
        begun, before = time.perf_counter(), _children_cpu()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        walls.append(time.perf_counter() - begun)
        cpus.append(_children_cpu() - before)
    return sorted(walls)[times // 2], sorted(cpus)[times // 2]


def _children_cpu() -> float:

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
