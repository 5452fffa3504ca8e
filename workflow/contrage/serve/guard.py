"""Who may ask: a page of this very server, in a browser that was given the address with its token.

Whoever listens on 127.0.0.1 is reached by every page that this machine's browser shows, and by all
who work on it. So each request's path begins with a random token: no cookie, which would go to
other ports as well, and nothing that a Referer could carry, since none is sent. A Host that is
another name is a page elsewhere whose name now leads here (DNS rebinding); an Origin that is
another one is that page asking outright.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

READ_ONLY = ("GET", "HEAD")
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self' data:",  # NiiVue fetches its letters, which are a data: URL of its own
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Middleware that lets in what has the token and comes from here; the token is taken off.

    Parameters
    ----------
    app : ASGIApp
    token : str
        Of the printed address: http://127.0.0.1:<port>/<token>/
    hosts : tuple of str
        What Host may say: "127.0.0.1:8000".
    """

    def __init__(self, app: ASGIApp, token: str, hosts: tuple[str, ...]) -> None:
        self.app, self.token, self.hosts = app, token, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the application answer it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        token, slash, rest = scope["path"].removeprefix("/").partition("/")
        reason = self.reason_against(scope["method"], Headers(scope=scope), token)
        if reason is not None:
            await PlainTextResponse(reason, 403)(scope, receive, with_headers)
        elif not slash:
            await RedirectResponse(f"/{self.token}/")(scope, receive, with_headers)
        else:
            path = f"/{rest}"
            inner = {**scope, "path": path, "raw_path": path.encode()}
            await self.app(inner, receive, with_headers)

    def reason_against(self, method: str, headers: Mapping[str, str], token: str) -> str | None:
        """Return why a request is not answered, None if it is."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if host not in self.hosts:
            return f"This is {self.hosts[0]} and no other host.\n"
        if origin is not None and origin not in {f"http://{name}" for name in self.hosts}:
            return "No other page may ask here.\n"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return "No other page may lead here: type the address, or paste it.\n"
        if method not in READ_ONLY and origin is None:
            return "What changes something must say where it comes from (Origin).\n"
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            return "Open the address that contrage printed, with all that follows the port.\n"
        return None
