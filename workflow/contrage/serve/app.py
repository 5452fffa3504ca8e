"""The page's answers: what it shows, what it is sent, how its scans stand."""

from __future__ import annotations

import functools
import json
import shutil
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive

from contrage.bundle.prediction import MAP
from contrage.bundle.tables import as_json
from contrage.errors import ContrageError
from contrage.serve.bounds import MEGA, PIECE, UploadError
from contrage.serve.desk import DONE, REFUSED, Desk, Ticket
from contrage.serve.guard import Guard
from contrage.serve.look import write_look
from contrage.serve.outline import write_outline
from contrage.serve.told import files_of, finite, model_told, ticket_told
from contrage.serve.uploads import Dropped, keep, scans_of

HOME = Path(__file__).parent / "page"
NIIVUE = Path(__file__).parents[1] / "resources" / "niivue" / "niivue.umd.js"
PAGE = {"": HOME / "index.html", "niivue.js": NIIVUE} | {
    file.name: file for file in sorted(HOME.iterdir()) if file.suffix in (".css", ".js")
}
"""Path → file: nothing else of the package is served."""
OUTLINES = ("outline", "raw-outline")
FIELDS = 4
"""Fields of a form beside its files."""
FIELD = 1024
"""Bytes of such a field."""


def application(desk: Desk, token: str, hosts: tuple[str, ...]) -> ASGIApp:
    """Return the page of a desk, which answers only who has the token.

    Parameters
    ----------
    desk : Desk
    token : str
        First part of every path.
    hosts : tuple of str
        What Host may say.
    """
    answers = Answers(desk)
    routes = [
        Route("/model", answers.model),
        Route("/scans", answers.scans),
        Route("/scans", answers.take, methods=["POST"]),
        Route("/scans/{number:int}", answers.remove, methods=["DELETE"]),
        Route("/scans/{number:int}/prediction.json", answers.prediction),
        Route("/scans/{number:int}/images/{file}", answers.image),
        Route("/{name:path}", _page),
    ]
    told = {ContrageError: _told, HTTPException: _http}
    return Guard(Starlette(routes=routes, exception_handlers=told), token, hosts)


async def _page(request: Request) -> Response:
    file = PAGE.get(request.path_params["name"])
    if file is None:
        raise HTTPException(404, "no such page")
    return FileResponse(file)


async def _told(request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, UploadError) else 422
    return JSONResponse({"error": str(error)}, status)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


class Answers:
    """What is answered of a desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def model(self, request: Request) -> Response:
        """Tell what the model is, and what it takes."""
        desk = self.desk
        return JSONResponse(model_told(desk.bundle, desk.bounds, desk.stages, desk.interval))

    async def scans(self, request: Request) -> Response:
        """Tell how all scans stand, the newest first."""
        tickets = sorted(self.desk.tickets.values(), key=lambda each: -each.number)
        return JSONResponse({"scans": [ticket_told(self.desk, each) for each in tickets]})

    async def take(self, request: Request) -> Response:
        """Take in the files of a form, and tell which scans they are."""
        tickets = await self._taken(request)
        return JSONResponse({"scans": [ticket_told(self.desk, each) for each in tickets]}, 201)

    async def _taken(self, request: Request) -> list[Ticket]:
        bounds = self.desk.bounds
        said = _length(request)
        folder = await run_in_threadpool(self.desk.new_folder, said)
        counted = Request(request.scope, _counting(request.receive, self.desk, folder, said))
        asked = {"max_files": bounds.files, "max_fields": FIELDS, "max_part_size": FIELD}
        dropped: Dropped | None = None
        try:
            async with counted.form(**asked) as form:
                dropped = await run_in_threadpool(keep, form, folder, bounds)
            found = await run_in_threadpool(scans_of, self.desk.bundle, dropped, bounds)
            return self.desk.put(dropped, found)
        except BaseException as error:
            await run_in_threadpool(_discard, folder)
            if isinstance(error, HTTPException) and "many" in error.detail.lower():
                raise UploadError(
                    f"more than {bounds.files} files at once; drop fewer, or use contrage predict"
                ) from None
            if dropped is not None and isinstance(error, ContrageError):
                status = error.status if isinstance(error, UploadError) else 422
                raise UploadError(dropped.plain(str(error)), status) from None
            raise
        finally:
            self.desk.room.free(folder)

    async def remove(self, request: Request) -> Response:
        """Take a scan off the desk, with its files."""
        number = request.path_params["number"]
        if not await run_in_threadpool(self.desk.remove, number):
            raise HTTPException(404, "this scan is not here any more")
        return Response(status_code=204)

    async def prediction(self, request: Request) -> Response:
        """Return what the command line writes with --json."""
        ticket = self._ticket(request)
        if ticket.prediction is None:
            raise HTTPException(404, "nothing is predicted yet")
        content = finite(as_json(self.desk.bundle.facts, [ticket.prediction]))
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
        name = f"prediction-{ticket.number}.json"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(text, media_type="application/json", headers=headers)

    async def image(self, request: Request) -> Response:
        """Return an image of a scan, or the outline of a mask, by its name."""
        ticket = self._ticket(request)
        name = request.path_params["file"].partition(".")[0]
        path = files_of(self.desk.bundle.facts, ticket).get(name)
        if path is None or ticket.state not in (DONE, REFUSED):
            raise HTTPException(404, "there is no such image")
        if name in OUTLINES:
            path = await run_in_threadpool(_outline, path, ticket.work / f"{name}.nii.gz")
        elif name.startswith(MAP):
            path = await run_in_threadpool(_look, path, ticket.work / f"smooth-{name}.nii.gz")
        kind = "image/png" if name == "picture" else "application/octet-stream"
        return FileResponse(path, media_type=kind)

    def _ticket(self, request: Request) -> Ticket:
        ticket = self.desk.tickets.get(request.path_params["number"])
        if ticket is None:
            raise HTTPException(404, "this scan is not here any more")
        return ticket


def _outline(mask: Path, output: Path) -> Path:
    """Return the outline of a mask, which is made where it is first asked for."""
    return output if output.is_file() else write_outline(mask, output)


def _look(made: Path, output: Path) -> Path:
    """Return a map of where the model looks, smoothed where it is first asked for."""
    method = made.name.removesuffix(".nii.gz").removeprefix(MAP)
    return output if output.is_file() else write_look(made, method, output)


def _discard(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _length(request: Request) -> int:
    """Return how long a request says that it is; one that does not say so is counted."""
    said = request.headers.get("content-length", "0")
    return int(said) if said.isdecimal() else 0


def _counting(receive: Receive, desk: Desk, folder: Path, kept: int) -> Receive:
    """Return a receiver that ends a request which sends more than there is room for."""
    count, most = 0, desk.bounds.total_mb * MEGA

    @functools.wraps(receive)
    async def counted() -> Message:
        nonlocal count, kept
        message: Any = await receive()
        count += len(message.get("body", b""))
        if count > kept:  # it did not say how much: room is kept piece by piece
            kept = max(count, min(count + PIECE, most))
            await run_in_threadpool(desk.room.keep, folder, kept)
        return message

    return counted
