"""Executes notebooks as notebooks/execute.py does, one after the other in one kernel: a line of JSON asks for each, one answers.

A notebook finds nothing of the one before it but imported modules and the JVM of Spark: no names, no variables, no session.
"""

import contextlib
import functools
import io
import json
import os
import sys

import nbformat
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from traitlets.config import Config

import execute

CLEAN = """
import os, sys
spark = sys.modules["pyspark.sql"].SparkSession.getActiveSession() if "pyspark.sql" in sys.modules else None
if spark:
    spark.stop()
os.chdir({directory!r})
for name in {gone!r}:
    del os.environ[name]
os.environ.update({given!r})
%reset -f
"""


def kernel():
    """As execute.py starts one."""
    client = NotebookClient(
        nbformat.v4.new_notebook(), kernel_name="python3", config=Config({"KernelManager": {"transport": "ipc"}})
    )
    client.create_kernel_manager()
    client.start_new_kernel()
    return client.km


def clean(manager, directory, gone=(), given=()):
    """Forgets what a notebook left, its connections too, and changes the kernel's directory and variables."""
    cell = nbformat.v4.new_code_cell(CLEAN.format(directory=directory, gone=list(gone), given=dict(given)))
    NotebookClient(nbformat.v4.new_notebook(cells=[cell]), km=manager).execute()


def main():
    manager = kernel()
    execute.NotebookClient = functools.partial(NotebookClient, km=manager)
    for line in sys.stdin:
        asked = json.loads(line)
        clean(manager, asked["directory"], given=asked["environment"])
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = execute.main([asked["name"], "--to", asked["directory"], *asked["parameters"]])
        clean(manager, os.getcwd(), gone=asked["environment"])  # the directory may be removed now, and the database
        print(json.dumps({"code": code, "out": out.getvalue(), "err": err.getvalue()}), flush=True)
    run_sync(manager.shutdown_kernel)()


if __name__ == "__main__":
    main()
