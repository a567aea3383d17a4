"""Ready-made tasks: `from segue import tasks as t`, then `t.bash("…")` in a DAG.

Their strings are templates with what an attempt knows (`{{ ds }}`, `{{ params.customer }}`); arguments of your own
`@task` functions are never rendered.
"""

from segue.tasks.container import container
from segue.tasks.http import http
from segue.tasks.run_dag import run_dag
from segue.tasks.shell import bash, empty
from segue.tasks.sql import sql

__all__ = ["bash", "container", "empty", "http", "run_dag", "sql"]
