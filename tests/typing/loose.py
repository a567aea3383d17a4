# the half-annotated code that most data engineers write
from segue import dag, task


@task
def fetch(table, limit=10):
    return {"table": table, "n": limit}


@task
def show(x) -> None:
    print(x)


@task(retry=3)
def done(): ...


@dag(schedule="@daily")
def d(env="prod"):
    rows = fetch("orders")
    show(rows) >> done()
    show.with_options(id="count")(rows["n"])
    fetch.with_options(id="few")("a", limit=3) >> [done.with_options(id="end")(), show.with_options(id="one")(1)]
    done.with_options(id="first")() >> done.with_options(id="second")()


def test_it():
    assert fetch("orders")["n"] == 10
    assert len(fetch("orders")) == 2
