"""Asking a page as its own script does."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx
from starlette.testclient import TestClient

from contrage.serve.desk import DONE, REFUSED, Desk

HOST, TOKEN = "127.0.0.1:8123", "the-token-of-this-page"
ORIGIN = {"Origin": f"http://{HOST}"}


@dataclass
class Asking:
    """A page, and whoever asks it with the right token."""

    desk: Desk
    client: TestClient
    at: str = field(default=f"/{TOKEN}/")

    def get(self, path: str = "", **more: Any) -> httpx.Response:
        return self.client.get(self.at + path, **more)

    def send(self, *files: tuple[str, str, bytes], known: str = "") -> httpx.Response:
        """Send files as (field, name, content)."""
        parts = [(kind, (name, content)) for kind, name, content in files]
        return self.client.post(
            f"{self.at}scans", files=parts, data={"known": known}, headers=ORIGIN
        )

    def remove(self, number: int) -> httpx.Response:
        return self.client.delete(f"{self.at}scans/{number}", headers=ORIGIN)

    def finished(self) -> dict[str, dict[str, Any]]:
        """Return all scans by their names, once none waits or runs."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            scans = self.get("scans").json()["scans"]
            if all(each["state"] in (DONE, REFUSED) for each in scans):
                return {each["name"]: each for each in scans}
            time.sleep(0.02)
        raise AssertionError(f"not done: {scans}")

    @property
    def left(self) -> list[Path]:
        """Everything that lies in the page's folder."""
        return sorted(self.desk.folder.rglob("*"))
