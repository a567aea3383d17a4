import pytest

from segue.show.access.gate import Keeper
from segue.show.access.minting import Mint
from segue.store.access.sqlite import open_book
from tests.unit.show.access.stage import Counted, draws
from tests.unit.show.api.office import Office


@pytest.fixture(scope="session")
def premises(tmp_path_factory):
    keeper = Keeper(open_book(tmp_path_factory.mktemp("access")), Mint(draws()), Counted())
    office = Office()
    office.gate.people, office.gate.entering = keeper.people, keeper.entering
    yield office
    office.close()
    keeper.close()


@pytest.fixture
def office(premises):
    """The HTTP side of a home where nothing was ever done."""
    premises.empty()
    return premises
