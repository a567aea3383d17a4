"""Prints the digests of a DAG file: `python digests.py FILE`."""

import json
import sys
from pathlib import Path

from segue.define.digest import code_digest
from segue.define.loading import load_file
from segue.model.spec import spec_digest


def main(file: Path) -> None:
    loaded = load_file(file, file.parent)
    assert loaded.errors == [], loaded.errors
    found = {
        spec.id: {"spec": spec_digest(spec), "functions": {one.id: one.function for one in spec.tasks}}
        for spec in loaded.specs
    }
    print(json.dumps({"code": code_digest(file, file.parent), "dags": found}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
