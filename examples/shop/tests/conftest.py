import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))


@pytest.fixture
def places(tmp_path):
    """The shop's database, and where the warehouse and the reports go."""
    from source import make_shop

    make_shop(tmp_path / "shop.db")
    return Places(tmp_path)


class Places:
    def __init__(self, folder: Path) -> None:
        self.folder, self.warehouse, self.reports = folder, folder / "warehouse.db", folder / "reports"
        self.connections = {"shop": f"sqlite:///{folder}/shop.db", "warehouse": f"sqlite:///{self.warehouse}"}
        self.params = {"folder": str(self.reports)}
