"""The command `contrage serve`: a model on a page of one's own machine."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.errors import SettingsError

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

    from contrage.bundle.opened import Bundle
    from contrage.serve.bounds import Bounds

HOST = "127.0.0.1"
NEEDED = {"starlette": "Starlette", "uvicorn": "uvicorn", "python_multipart": "python-multipart"}
PREFIX = "contrage-serve-"
LARGEST = 512
"""MB of a file."""


def serve_parser(parser: argparse.ArgumentParser) -> None:
    """Add the options of `contrage serve`."""
    parser.description = (
        f"Show a page on {HOST}, for this machine alone, on which scans are dropped and predicted. "
        "Research use only."
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="folder of the model")
    parser.add_argument("--port", type=int, default=0, help="0, as usual: any that is free")
    parser.add_argument(
        "--largest", type=int, default=LARGEST, metavar="MB", help=f"of a file; {LARGEST} MB"
    )
    parser.add_argument(
        "--interval", choices=("people", "site"), help="for people of known sites, or of a new one"
    )
    parser.add_argument("--template", type=Path, help="T1 of the template, of makers' own files")
    parser.add_argument("--template-mask", type=Path, help="its brain mask")


def serve(given: argparse.Namespace) -> int:
    """Show the page of a model until Ctrl-C; return the exit status."""
    _check_packages()
    from contrage.bundle.network import networks
    from contrage.bundle.opened import open_bundle
    from contrage.bundle.template import template_here
    from contrage.serve.bounds import Bounds

    if given.largest < 1:
        raise SettingsError(f"--largest {given.largest}: give megabytes, at least 1")
    bundle = open_bundle(given.model)
    template = (given.template, given.template_mask) if given.template else None
    template_here(bundle.facts, template)  # what is wrong with a model is said here, not on a page
    networks(bundle)
    usual = Bounds()
    total = max(usual.total_mb, 2 * given.largest)
    unpacked = max(usual.unpacked_mb, given.largest)
    bounds = Bounds(file_mb=given.largest, total_mb=total, unpacked_mb=unpacked)
    with _listening(given.port) as door:
        return _until_ended(door, bundle, bounds, given.interval, template)


def _check_packages() -> None:
    """Refuse to begin without the packages of the page.

    Raises
    ------
    SettingsError
        One is missing.
    """
    missing = [name for package, name in NEEDED.items() if find_spec(package) is None]
    if missing:
        raise SettingsError(
            f"contrage serve needs {' and '.join(missing)}: install them, in contrage's folder, "
            "with uv pip install --constraint constraints.txt --editable '.[serve]'"
        )


def _listening(port: int) -> socket.socket:
    """Return a socket that listens on this machine alone.

    Raises
    ------
    SettingsError
        The port is taken, or may not be listened on.
    """
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((HOST, port))
        door.listen()  # before the address is printed: who is quick waits, and is not turned away
    except (OSError, OverflowError) as error:
        door.close()
        said = (getattr(error, "strerror", None) or str(error)).lower()
        raise SettingsError(
            f"--port {port}: {said}; leave it out, and a free one is taken"
        ) from None
    return door


def _until_ended(
    door: socket.socket,
    bundle: Bundle,
    bounds: Bounds,
    interval: str | None,
    template: tuple[Path, Path | None] | None,
) -> int:
    """Answer until a signal comes; afterwards nothing of what was sent is left."""
    from contrage.serve.app import application
    from contrage.serve.desk import Desk

    port, token = door.getsockname()[1], secrets.token_urlsafe(24)
    ending = "" if port == 80 else f":{port}"  # browsers leave out the usual one
    hosts = (f"{HOST}{ending}", f"localhost{ending}")
    idle = True
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as folder:
        # What the steps, and programs that they start, write meanwhile goes with it.
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        desk = Desk(bundle, Path(folder), bounds, interval, template)
        server = _server(application(desk, token, hosts))
        _end_with(server)
        try:
            print(f"contrage: http://{HOST}:{port}/{token}/", flush=True)
            print("Open it in a browser. Ctrl-C ends it, and deletes what was sent.", flush=True)
            server.run(sockets=[door])
        except KeyboardInterrupt:
            pass
        finally:
            idle = desk.close()
    if not idle:  # a step that cannot be interrupted would go on, and write, until it is done
        _end_programs()
        shutil.rmtree(folder, ignore_errors=True)
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)
    return 0


def _end_programs() -> None:
    """End what a step has started and waits for, as HD-BET."""
    import psutil

    for each in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            each.kill()


def _server(app: ASGIApp) -> uvicorn.Server:
    """Return what answers: it keeps no log of who asked, and believes no proxy."""
    import uvicorn

    settings = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(settings)


def _end_with(server: uvicorn.Server) -> None:
    """End as after Ctrl-C where the process is told to end, or its terminal is closed.

    uvicorn gives a signal that ended it to whoever waited for it before, which would end the
    process before anything is deleted.
    """

    def end(number: int, frame: Any) -> None:
        server.should_exit = True

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
