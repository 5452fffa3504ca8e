"""Steps in memory: each is a fork of one process that has imported what steps import of others.

A step of a small study imports for two or three seconds and works for a tenth of one, and the
tests' runs start thousands of them. A folder with a `python` of its own is put first in the path
of a run: `python -m contrage …` asks the server for a fork, and anything else is the real one's.
The fork imports contrage itself, from the checkout of the run. Runs that tests start beside them
(`Workflow.start`), and those of tests/slurm, start their steps as a user's do.
"""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

SERVER = """
import atexit, gc, json, os, runpy, select, signal, socket, struct, sys, traceback
import jinja2, matplotlib, monai.networks.nets, nibabel, pandas, psutil, scipy.ndimage
import scipy.optimize, scipy.stats, seaborn, sklearn.decomposition, sklearn.linear_model
import sklearn.metrics, sklearn.model_selection, sklearn.pipeline, sklearn.preprocessing
import statsmodels.stats.multitest, torch, torch._dynamo, torch.distributed.elastic.agent, yaml

matplotlib.use("agg")
import matplotlib.pyplot


def exactly(connection, count):
    got = b""
    while len(got) < count and (part := connection.recv(count - len(got))):
        got += part
    return got


def step(asked):
    os.setpgid(0, 0)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    of_run = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    sys.path[:] = [asked["folder"], *of_run, *sys.path[1:]]
    sys.argv = asked["arguments"]
    try:
        runpy.run_module("contrage", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as exit:
        code = exit.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # taking all that was imported apart would take longer than most steps


def answer(connection):
    # The step's own process is a child of this one, which ends it where the asker is gone.
    length, files, _, _ = socket.recv_fds(connection, 8, 3)
    asked = json.loads(exactly(connection, struct.unpack("!Q", length)[0]))
    child = os.fork()
    if not child:
        for number, file in enumerate(files):
            os.dup2(file, number)
        connection.close()
        step(asked)
    ended = os.pidfd_open(child)
    if connection in select.select([connection, ended], [], [])[0]:
        os.killpg(child, signal.SIGTERM)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    connection.send(struct.pack("!i", code))
    os._exit(0)


gc.freeze()
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[1])
listening.listen(64)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
while sys.stdin not in select.select([sys.stdin, listening], [], [])[0]:
    connection, _ = listening.accept()
    if not os.fork():
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        listening.close()
        answer(connection)
    connection.close()
"""

CLIENT = """
import json, os, signal, socket, struct, sys

server = socket.socket(socket.AF_UNIX)
server.connect(sys.argv[1])
asked = {"folder": os.getcwd(), "environment": dict(os.environ), "arguments": sys.argv[2:]}
message = json.dumps(asked).encode()
socket.send_fds(server, [struct.pack("!Q", len(message))], [0, 1, 2])
server.sendall(message)
code = struct.unpack("!i", server.recv(4))[0]
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
"""

PYTHON = """#!/bin/sh
if [ "$1 $2" = "-m contrage" ]; then shift; exec {python} -I -S {client} {socket} "$@"; fi
exec {python} "$@"
"""


@cache
def folder_of_python() -> Path:
    """Start the server of this process, and return the folder of the `python` that asks it."""
    folder = Path(tempfile.mkdtemp(prefix="steps-"))
    client, address = folder / "client.py", folder / "socket"
    client.write_text(CLIENT)
    names = {"python": sys.executable, "client": client, "socket": address}
    python = folder / "python"
    python.write_text(PYTHON.format(**{k: shlex.quote(str(v)) for k, v in names.items()}))
    python.chmod(0o755)
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(address)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    assert server.stdout.readline() == b"ready\n"
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.communicate)  # closes its input, at which it ends
    return folder
