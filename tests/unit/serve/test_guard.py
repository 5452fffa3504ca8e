"""Who is answered, and who is not."""

from __future__ import annotations

import pytest
from asking import HOST, ORIGIN, TOKEN, Asking

from contrage.serve.app import PAGE

PATHS = ["", "model", "scans", "niivue.js", "page.js", "scans/1/prediction.json"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "%00", "é"])
def test_nothing_is_answered_without_the_token(page: Asking, path: str, token: str):
    answer = page.client.get(f"/{token}/{path}")
    assert answer.status_code == 403
    assert "Open the address" in answer.text


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "OPTIONS", "PATCH"])
def test_no_method_passes_without_the_token(page: Asking, method: str):
    assert page.client.request(method, "/x/scans", headers=ORIGIN).status_code == 403


def test_the_token_elsewhere_than_in_the_path_is_none(page: Asking):
    given = {"headers": {"Authorization": TOKEN, "Cookie": f"token={TOKEN}"}}
    assert page.client.get(f"/scans?token={TOKEN}", **given).status_code == 403


@pytest.mark.parametrize(
    "host",
    ["evil.example", f"evil.example:{HOST[-4:]}", "127.0.0.1", "127.0.0.1:1", "", f"{HOST}x"],
)
def test_a_name_that_now_leads_here_is_refused(page: Asking, host: str):
    assert page.get("scans", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", f"https://{HOST}", "null", "http://127.0.0.1", "http://localhost"],
)
def test_another_page_may_neither_read_nor_send(page: Asking, origin: str):
    for method, path in (("GET", "scans"), ("POST", "scans"), ("DELETE", "scans/1")):
        answer = page.client.request(method, page.at + path, headers={"Origin": origin})
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_a_browser_says_comes_from_elsewhere_is_refused(page: Asking, site: str):
    assert page.get(headers={"Sec-Fetch-Site": site}).status_code == 403
    assert page.get(headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_what_changes_something_must_say_where_it_comes_from(page: Asking):
    assert page.client.delete(f"{page.at}scans/1").status_code == 403
    assert page.remove(1).status_code == 404


@pytest.mark.parametrize("path", [*PATHS, "no-such-page"])
def test_every_answer_forbids_foreign_scripts_frames_and_referers(page: Asking, path: str):
    for answer in (page.get(path), page.client.get(f"/wrong/{path}")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy
        assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers


def test_the_address_without_its_last_slash_leads_to_the_page(page: Asking):
    answer = page.client.get(page.at.rstrip("/"))
    assert (answer.status_code, answer.headers["location"]) == (307, page.at)
    assert "Drop files here" in page.get().text


@pytest.mark.parametrize(
    "path",
    ["../app.py", "..%2fapp.py", "%2e%2e/guard.py", "__init__.py", "page/page.js", "/etc/passwd"],
)
def test_no_other_file_of_this_machine_is_served(page: Asking, path: str):
    assert page.get(path).status_code in (403, 404)


def test_the_page_has_no_script_or_style_of_its_own_and_none_from_elsewhere():
    text = PAGE[""].read_text("utf-8")
    assert "<style" not in text and "style=" not in text and "onclick" not in text
    assert text.count("<script") == 1 and "http" not in text
    for name, file in PAGE.items():
        if name.endswith(".js") and name != "niivue.js":
            code = file.read_text("utf-8")
            assert "innerHTML" not in code and "eval(" not in code, name


def test_a_socket_is_turned_away(page: Asking):
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), page.client.websocket_connect(page.at):
        pass
