"""Stands in for docker and podman: keeps containers as folders, records what it was asked, misbehaves when told."""

import json
import os
import sys
from pathlib import Path

ROOT = Path(os.environ["FAKE_ENGINE"])


def main(words: list[str]) -> int:
    with (ROOT / "asked.jsonl").open("a") as asked:
        asked.write(json.dumps(words) + "\n")
    match words:
        case ["container", "inspect", name]:
            return 0 if (ROOT / name).exists() else 1
        case ["run", *rest]:
            return start(rest)
        case ["logs", "--follow", name]:
            print((ROOT / name / "output").read_text(), end="")
            return 0
        case ["wait", name]:
            print((ROOT / name / "exit").read_text())
            return 0
        case ["rm", "--force", name]:
            for file in (ROOT / name).glob("*"):
                file.unlink()
            if (ROOT / name).exists():
                (ROOT / name).rmdir()
            return 0
    return 2


def start(words: list[str]) -> int:
    mode = os.environ.get("FAKE_MODE", "")
    if mode == "no_image":
        print("Unable to find image 'x:1' locally: no such image", file=sys.stderr)
        return 125
    if mode == "daemon_down":
        print("Cannot connect to the daemon.\nIs it running?", file=sys.stderr)
        return 1
    if mode == "hangs_up":
        os.kill(os.getpid(), 9)
    name, split = words[words.index("--name") + 1], words.index("--")
    folder = ROOT / name
    folder.mkdir()
    names = [words[at + 1] for at, word in enumerate(words[:split]) if word == "--env"]
    shown = {key: os.environ[key] for key in names}
    (folder / "output").write_text(f"starting\n{json.dumps([words[split + 1 :], shown])}\n")
    (folder / "exit").write_text("3" if mode == "fails" else "0")
    return 0


sys.exit(main(sys.argv[1:]))
