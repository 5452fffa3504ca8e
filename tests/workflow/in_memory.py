"""Snakemake in memory: each run is a fork of one process that has imported it, and nothing of ours.

Importing it, and what plans import of others, takes longer than planning a small study, and the
tests run it some two hundred times.
A run reads the workflow and its package anew, from the folder that it is started in.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

SERVER = """
import gc, json, os, sys
import jsonschema, numpy, referencing.jsonschema, requests, scipy.stats, smart_open, snakemake
from snakemake import cli

cli.get_argument_parser()  # imports the plug-ins
assert "contrage" not in sys.modules
gc.freeze()
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environment"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, file in enumerate(asked["files"], 1):
            os.dup2(os.open(file, os.O_WRONLY), number)
        sys.path[0] = asked["folder"]
        sys.argv = [os.path.join(snakemake.__path__[0], "__main__.py"), *asked["arguments"]]
        sys.exit(cli.main())
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@cache
def _server() -> subprocess.Popen[str]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SERVER]
    server = subprocess.Popen(command, **pipes, env=environment, text=True, start_new_session=True)
    atexit.register(server.communicate)  # closes its input, at which it ends
    return server


def snakemake(
    *arguments: str, folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `python -m snakemake` with arguments in a folder, and return what it printed."""
    with tempfile.NamedTemporaryFile("r+") as out, tempfile.NamedTemporaryFile("r+") as err:
        asked = {"arguments": arguments, "folder": str(folder), "environment": environment}
        server = _server()
        try:
            files = json.dumps({**asked, "files": [out.name, err.name]})
            print(files, file=server.stdin, flush=True)
            code = int(server.stdout.readline())
        except BaseException:  # a time limit, an interruption: the run ends with the test
            os.killpg(server.pid, signal.SIGKILL)
            _server.cache_clear()
            raise
        return subprocess.CompletedProcess(arguments, code, out.read(), err.read())
