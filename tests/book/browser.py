"""A headless Chromium without a network, driven over its debugging protocol."""

import asyncio
import itertools
import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field

from tornado.websocket import WebSocketClientConnection, websocket_connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
    "--remote-debugging-port=0",
)
# By emulation: a window is never as narrow as a phone, whatever size is asked for.
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
CUT = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
# What a reader would see as left-over TeX; code blocks may show it on purpose.
VISIBLE = """(() => {
  const copy = document.body.cloneNode(true);
  copy.querySelectorAll("pre, code, script, style, mjx-container").forEach(node => node.remove());
  return copy.textContent;
})()"""
READY = """(async () => {
  if (window.MathJax && MathJax.startup && MathJax.startup.promise) await MathJax.startup.promise;
  await document.fonts.ready;
  const found = document.querySelector("#search-results");
  for (let waits = 0; found && !found.querySelector("li a") && waits < 100; waits++)
    await new Promise(done => setTimeout(done, 100));
  return document.querySelectorAll("mjx-container").length;
})()"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Visit:
    """What a page did while it loaded."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    text: str = ""
    formulas: int = 0
    overflow: int = 0


def find() -> str | None:
    """The path of an installed browser, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def visit(browser: str, addresses: list[str]) -> dict[str, Visit]:
    """Load each address in turn, as on a phone."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [browser, *OPTIONS, CUT, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        try:
            endpoint = _endpoint(process)
            return asyncio.run(_visit_all(endpoint, addresses))
        finally:
            process.terminate()
            process.wait(timeout=30)


def _endpoint(process: subprocess.Popen) -> str:
    said = []
    for line in process.stderr:
        if found := re.search(r"DevTools listening on (ws://\S+)", line):
            return found.group(1)
        said.append(line)
    raise RuntimeError("the browser ended before it listened: " + "".join(said))


class _Session:
    """One tab: commands go out, their answers and the page's events come back on one socket."""

    def __init__(self, socket: WebSocketClientConnection):
        self.socket, self.numbers, self.session = socket, itertools.count(1), None
        self.page = Visit()
        self.loaded: set[str] = set()

    async def send(self, method: str, **parameters: object) -> dict:
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        await self.socket.write_message(json.dumps(message | ({"sessionId": self.session} if self.session else {})))
        while (answer := await self.receive()).get("id") != number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    async def receive(self) -> dict:
        message = json.loads(await asyncio.wait_for(self.socket.read_message(), timeout=60))
        detail = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.page.requests.append(detail["request"]["url"])
            case "Network.loadingFailed" if not detail.get("canceled"):
                self.page.errors.append(f"not loaded: {detail['errorText']}")
            case "Runtime.exceptionThrown":
                self.page.errors.append(json.dumps(detail["exceptionDetails"])[:500])
            case "Runtime.consoleAPICalled" if detail["type"] == "error":
                self.page.errors.append(json.dumps(detail["args"])[:500])
            case "Log.entryAdded" if detail["entry"]["level"] == "error":
                self.page.errors.append(f"{detail['entry']['text']} {detail['entry'].get('url', '')}")
            case "Page.lifecycleEvent" if detail["name"] == "load":
                self.loaded.add(detail["loaderId"])
        return message

    async def evaluate(self, expression: str) -> object:
        answer = await self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, timeout=60000
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression[:60]}…: {answer['exceptionDetails']}")
        return answer["result"].get("value")


async def _visit_all(endpoint: str, addresses: list[str]) -> dict[str, Visit]:
    tab = _Session(await websocket_connect(endpoint, max_message_size=1 << 28))
    target = (await tab.send("Target.createTarget", url="about:blank"))["targetId"]
    tab.session = (await tab.send("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
    for domain in ("Page", "Network", "Runtime", "Log"):
        await tab.send(f"{domain}.enable")
    await tab.send("Page.setLifecycleEventsEnabled", enabled=True)
    await tab.send("Emulation.setDeviceMetricsOverride", **PHONE)
    visits = {}
    for address in addresses:
        tab.page = Visit()
        loader = (await tab.send("Page.navigate", url=address))["loaderId"]
        while loader not in tab.loaded:
            await tab.receive()
        tab.page.formulas = await tab.evaluate(READY)
        tab.page.text = await tab.evaluate(VISIBLE)
        tab.page.overflow = await tab.evaluate(WIDER)
        visits[address] = tab.page
    tab.socket.close()
    return visits
