"""A real browser, which chromium.sh installs where there is none, and models behind real pages."""

from __future__ import annotations

import base64
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from made_models import looks, map_model, table_model

from contrage.bundle.opened import open_bundle
from contrage.serve.app import application
from contrage.serve.bounds import Bounds
from contrage.serve.desk import Desk

FIND = Path(__file__).with_name("chromium.sh")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
PATIENCE = 120_000
"""Milliseconds: of a machine on which much else runs."""
DROP = """([files]) => {
  const carried = new DataTransfer();
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    carried.items.add(new File([bytes], name));
  }
  const place = document.getElementById("drop");
  for (const name of ["dragenter", "dragover", "drop"]) {
    const options = { dataTransfer: carried, bubbles: true, cancelable: true };
    place.dispatchEvent(new DragEvent(name, options));
  }
}"""


@dataclass
class Served:
    """A model behind a page."""

    desk: Desk
    address: str


@dataclass
class Browsed:
    """A page in the browser.

    Attributes
    ----------
    page : playwright.sync_api.Page
    served : Served
    wrong : list of str
        What its console said that is no help: errors, and what was asked of another host.
    """

    page: Any
    served: Served
    wrong: list[str] = field(default_factory=list)

    def drop(self, **files: bytes) -> None:
        """Drop files, as a hand does; names have "__" for a dot."""
        told = [
            [name.replace("__", "."), base64.b64encode(content).decode()]
            for name, content in files.items()
        ]
        self.page.evaluate(DROP, [told])

    def card(self, name: str) -> Any:
        """Return the card of a scan."""
        return self.page.get_by_role("article", name=name, exact=True)

    def finished(self, *names: str) -> None:
        """Wait until scans are done, or refused."""
        for name in names:
            done = '.scan[data-state="done"], .scan[data-state="refused"]'
            self.card(name).and_(self.page.locator(done)).wait_for(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Return a Chromium without a window."""
    playwright = pytest.importorskip("playwright.sync_api")
    found = subprocess.run([str(FIND)], capture_output=True, text=True)
    if found.returncode == 3:
        pytest.skip(found.stderr.strip().splitlines()[-1])
    assert found.returncode == 0, found.stderr
    program = found.stdout.split()[0]
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=program, args=list(QUIET))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Served]]:
    """Return a function that serves a model until the last test has ended."""
    ended = []

    def begin(model: Path) -> Served:
        door = socket.socket()
        door.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{door.getsockname()[1]}"
        desk = Desk(open_bundle(model), tmp_path_factory.mktemp("desk"), Bounds(file_mb=2))
        app = application(desk, "a-token", (host,))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        ended.append((server, thread, desk))
        deadline = time.monotonic() + 60
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        return Served(desk, f"http://{host}/a-token/")

    yield begin
    for server, thread, desk in ended:
        server.should_exit = True
        thread.join(30)
        assert desk.close(60)


@pytest.fixture(scope="session")
def maps(serve: Callable[[Path], Served], tmp_path_factory: pytest.TempPathFactory) -> Served:
    return serve(map_model(tmp_path_factory.mktemp("maps") / "model"))


@pytest.fixture(scope="session")
def looking(serve: Callable[[Path], Served], tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Return a model of maps that says where it looks."""
    folder = tmp_path_factory.mktemp("looking") / "model"
    return serve(map_model(folder, ("integrated_gradients", "occlusion")))


@pytest.fixture(scope="session")
def looking_at_features(
    serve: Callable[[Path], Served], tmp_path_factory: pytest.TempPathFactory
) -> Served:
    """Return a model of features that says which ones it looks at."""
    folder = tmp_path_factory.mktemp("features") / "model"
    return serve(table_model(folder, looks=looks(0, "integrated_gradients")))


@pytest.fixture(scope="session")
def masked(serve: Callable[[Path], Served], tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Return a model that takes two images of a scan."""
    folder = tmp_path_factory.mktemp("masked") / "model"
    return serve(map_model(folder, skull_strip={"method": "mask"}))


@pytest.fixture(scope="session")
def heads(serve: Callable[[Path], Served], tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Return a model of maps that reach MNI152 through their T1."""
    steps = {
        "skull_strip": {"method": "template"},
        "bias_correction": {"target": "anatomical"},
        "registration": {"transform": "affine", "quality": "testing"},
        "quality": {},
    }
    return serve(map_model(tmp_path_factory.mktemp("heads") / "model", **steps))


@pytest.fixture(scope="session")
def table(serve: Callable[[Path], Served], tmp_path_factory: pytest.TempPathFactory) -> Served:
    return serve(table_model(tmp_path_factory.mktemp("table") / "model"))


@pytest.fixture
def browse(browser: Any) -> Iterator[Callable[..., Browsed]]:
    """Return a function that opens a model's page; no page may have said anything wrong."""
    opened: list[Browsed] = []
    contexts = []

    def open_page(served: Served, width: int = 1400) -> Browsed:
        for number in list(served.desk.tickets):
            served.desk.remove(number)
        context = browser.new_context(
            viewport={"width": width, "height": 900}, accept_downloads=True
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        browsed = Browsed(context.new_page(), served)
        opened.append(browsed)

        def said(message: Any) -> None:
            if message.type == "error":
                browsed.wrong.append(f"console: {message.text}")

        def asked(request: Any) -> None:
            if not request.url.startswith((served.address, "data:", "blob:")):
                browsed.wrong.append(f"asked of {request.url}")

        browsed.page.on("console", said)
        browsed.page.on("pageerror", lambda error: browsed.wrong.append(f"error: {error}"))
        browsed.page.on("request", asked)
        browsed.page.goto(served.address)
        browsed.page.locator("#card-of-model").wait_for()
        return browsed

    yield open_page
    for context in contexts:
        context.close()
    assert [wrong for each in opened for wrong in each.wrong] == []
