"""The command: its address, what it refuses, and that nothing is left of what was sent."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest
from made_models import table_model, write_rows

from contrage import cli
from contrage.serve import command


@dataclass
class Served:
    """A process that shows a page."""

    process: subprocess.Popen[str]
    address: str
    temporary: Path

    @property
    def port(self) -> int:
        return int(re.search(r":(\d+)/", self.address)[1])

    def send(self, path: Path) -> httpx.Response:
        origin = {"Origin": self.address.rsplit("/", 2)[0]}
        with path.open("rb") as file:
            return httpx.post(
                f"{self.address}scans", files={"file": file}, headers=origin, timeout=60
            )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table_model(tmp_path_factory.mktemp("model") / "model")


@pytest.fixture
def serve(tmp_path: Path, model: Path) -> Iterator[Callable[[], Served]]:
    processes = []
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    def begin() -> Served:
        path = ":".join(each for each in sys.path if each.endswith("workflow"))
        environment = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(temporary)}
        started = subprocess.Popen(
            [sys.executable, "-m", "contrage", "serve", str(model)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=tmp_path,
        )
        processes.append(started)
        line = started.stdout.readline()
        return Served(started, line.removeprefix("contrage: ").strip(), temporary)

    yield begin
    for each in processes:
        each.kill()
        each.communicate()


def check_that_it_listens_here_alone(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=60):
        pass
    with pytest.raises(ConnectionRefusedError):  # it would answer were all addresses listened on
        socket.create_connection(("127.0.0.2", served.port), timeout=60)
    assert httpx.get(served.address, timeout=60).status_code == 200
    assert httpx.get(served.address.rsplit("/", 2)[0], timeout=60).status_code == 403


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_it_listens_here_alone_and_whatever_ends_it_deletes_what_was_sent(
    serve, tmp_path, name: str
):
    served = serve()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", served.address)
    assert served.send(write_rows(tmp_path / "t.tsv", {}, {})).status_code == 201
    lying = [path.name for path in served.temporary.rglob("*") if path.is_file()]
    assert "t.tsv" in lying
    if name == "SIGINT":
        check_that_it_listens_here_alone(served)
    served.process.send_signal(getattr(signal, name))
    output, errors = served.process.communicate(timeout=300)
    assert served.process.returncode == 0 and "Traceback" not in output + errors
    assert [*served.temporary.glob(f"{command.PREFIX}*")] == []


def refused(capsys, *arguments: object) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main(["serve", *map(str, arguments)])
    said = capsys.readouterr().err
    assert ended.value.code == 1 and said.count("\n") == 1 and "Traceback" not in said
    return said


def test_a_package_that_is_missing_is_named_with_what_to_install(model, capsys, monkeypatch):
    monkeypatch.setattr(command, "NEEDED", {"no_such_package": "Starlette", "json": "json"})
    said = refused(capsys, model)
    assert "needs Starlette: install them, in contrage's folder, with uv pip install" in said
    assert "--editable '.[serve]'" in said


def test_the_usual_packages_are_those_of_the_extra(root: Path):
    (line,) = re.findall(
        r"^serve = (.*)$", (root / "pyproject.toml").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(re.findall(r'"([\w-]+)>=', line)) == sorted(
        map(str.lower, command.NEEDED.values())
    )


def test_a_port_that_is_taken_is_said(model, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"--port {port}: address already in use" in refused(capsys, model, "--port", port)


@pytest.mark.parametrize(
    ("options", "said"), [(("--port", 99999), "--port 99999"), (("--largest", 0), "--largest 0")]
)
def test_an_option_that_cannot_be_is_said(model, capsys, options, said):
    assert said in refused(capsys, model, *options)


def test_no_model_no_page(tmp_path, capsys):
    assert "no" in refused(capsys, tmp_path / "nowhere")


def test_nothing_of_the_page_is_imported_by_other_commands(tmp_path):
    code = (
        "import sys\nfrom contrage import cli\n"
        "import contrage.bundle.command, contrage.bundle.predict, contrage.serve.command\n"
        "print([name for name in ('starlette', 'uvicorn') if name in sys.modules])"
    )
    path = ":".join(each for each in sys.path if each.endswith("workflow"))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[]", done.stderr
