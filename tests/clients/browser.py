"""A browser driven by the W3C WebDriver protocol: nothing but HTTP, so no client library."""

from __future__ import annotations

import base64
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

#: WebGL without a graphics card.
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--use-gl=angle",
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--hide-scrollbars",
    "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # No name leads anywhere: what a page needs from elsewhere it does not get.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)  # fmt: skip
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """One window."""

    def __init__(self, client: httpx.Client, session: str) -> None:
        self._client = client
        self._session = session

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        url = f"/session/{self._session}{path}"
        answer = self._client.request(method, url, json=body if method == "POST" else None)
        value = answer.json()["value"]
        if answer.status_code != 200:
            raise AssertionError(f"{path}: {value.get('error')}: {value.get('message')}")
        return value

    def go(self, url: str) -> None:
        self._call("POST", "/url", {"url": url})

    def run(self, script: str, *args: Any) -> Any:
        return self._call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def wait(self, condition: str, seconds: float = 30) -> None:
        """Wait until a JavaScript expression is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.run(f"return Boolean({condition})"):
                return
            time.sleep(0.1)
        raise AssertionError(f"never true: {condition}")

    def click(self, selector: str) -> None:
        self._call("POST", f"/element/{self._find(selector)}/click", {})

    def type(self, selector: str, text: str) -> None:
        self._call("POST", f"/element/{self._find(selector)}/value", {"text": text})

    def keys(self, *codes: str) -> None:
        """Press keys one after the other, wherever the focus is."""
        steps = [{"type": kind, "value": c} for c in codes for kind in ("keyDown", "keyUp")]
        action = {"type": "key", "id": "keyboard", "actions": steps}
        self._call("POST", "/actions", {"actions": [action]})

    def press(self, x: int, y: int, *, double: bool = False) -> None:
        """Click at a place of the window."""
        move = {"type": "pointerMove", "duration": 0, "x": x, "y": y}
        once = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        steps = [move, *once, *(once if double else [])]
        action = {
            "type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
            "actions": steps,
        }  # fmt: skip
        self._call("POST", "/actions", {"actions": [action]})

    def size(self, width: int, height: int) -> None:
        self._call("POST", "/window/rect", {"width": width, "height": height})

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._call("GET", "/screenshot")))

    def printed(self, width_cm: float, height_cm: float) -> bytes:
        """Return the page as PDF on paper of a size."""
        body = {
            "background": True, "page": {"width": width_cm, "height": height_cm},
            "margin": dict.fromkeys(("top", "bottom", "left", "right"), 0), "shrinkToFit": False,
        }  # fmt: skip
        return base64.b64decode(self._call("POST", "/print", body))

    def _find(self, selector: str) -> str:
        found = self._call("POST", "/element", {"using": "css selector", "value": selector})
        return str(found[ELEMENT])


@contextmanager
def browser(width: int = 1440, height: int = 900) -> Iterator[Browser]:
    """Start Chromium and end it."""
    driver = shutil.which("chromedriver")
    assert driver is not None, "chromedriver is not installed"
    port = free_port()
    process = subprocess.Popen([driver, f"--port={port}"], stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            _wait(client)
            options = {"args": [*FLAGS, f"--window-size={width},{height}"]}
            wanted = {"alwaysMatch": {"goog:chromeOptions": options}}
            made = client.post("/session", json={"capabilities": wanted}).json()["value"]
            yield Browser(client, made["sessionId"])
            client.delete(f"/session/{made['sessionId']}")
    finally:
        process.terminate()
        process.wait(10)


def _wait(client: httpx.Client) -> None:
    for _ in range(100):
        try:
            if client.get("/status").json()["value"]["ready"]:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("chromedriver does not answer")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
