"""A browser that is driven over WebDriver, with nothing but Python's own library."""

import base64
import json
import os
import pathlib
import re
import signal
import subprocess
import urllib.error
import urllib.request

# Whatever the pages do takes milliseconds. This is for a machine that is busy with other things.
PATIENCE_MS = 30_000

# What chromedriver calls the member of an answer that names an element.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

CONTROL_A = "\ue009a\ue000"


class Failed(Exception):
    """What was expected of the browser did not come to be."""


class Browser:
    """A headless Chromium, with a fresh profile, whose requests and console are recorded."""

    def __init__(self, binary, proxy):
        # It picks a free port, and says which in its output.
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # With the browser, which outlives a driver that fails, and a wrapper around it.
            start_new_session=True,
        )
        for line in self.process.stdout:
            if port := re.search(r"started successfully on port (\d+)", line):
                break
        else:
            raise Failed("chromedriver did not start")
        self.session = f"http://127.0.0.1:{port[1]}/session"
        arguments = [
            # Where it runs as root, as in a container, there is no sandbox to be had.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--window-size=1280,1400",
            # Whatever is not for this machine goes to the proxy, and no other name is ever looked up.
            f"--proxy-server={proxy}",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        ]
        capabilities = {
            "timeouts": {"implicit": PATIENCE_MS, "pageLoad": PATIENCE_MS, "script": PATIENCE_MS},
            "goog:chromeOptions": {"binary": binary, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        try:
            answer = self._send("POST", "", {"capabilities": {"alwaysMatch": capabilities}})
        except BaseException:
            self._kill()
            raise
        self.session += "/" + answer["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._send("DELETE", "")
        finally:
            self._kill()

    def _kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def open(self, url):
        self._send("POST", "/url", {"url": url})

    def url(self):
        return self._send("GET", "/url")

    def find(self, selector, within=None):
        """The first element that the CSS selector, or XPath that begins with a dot, selects. It is waited for."""
        return self._send("POST", self._place(within, "element"), self._by(selector))[ELEMENT]

    def find_all(self, selector, within=None):
        """All of them. There must be one, which is waited for."""
        found = self._send("POST", self._place(within, "elements"), self._by(selector))
        if not found:
            raise Failed(f"there is no {selector}")
        return [element[ELEMENT] for element in found]

    def click(self, selector, within=None):
        self._send("POST", f"/element/{self.find(selector, within)}/click", {})

    def type(self, selector, text, within=None):
        """Replaces what an input holds, as a person would: by keys."""
        element = self.find(selector, within)
        self._send("POST", f"/element/{element}/value", {"text": CONTROL_A + text})

    def text(self, element):
        return self._send("GET", f"/element/{element}/text")

    def content(self, element):
        """The text as it is written down, where `text` has it as it is laid out."""
        return self._send("GET", f"/element/{element}/property/textContent")

    def attribute(self, element, name):
        return self._send("GET", f"/element/{element}/attribute/{name}")

    def has(self, selector):
        """Whether there is such an element at this moment."""
        return self._send("POST", "/execute/sync", {
            "script": "return document.querySelector(arguments[0]) !== null",
            "args": [selector],
        })

    def run(self, script):
        """What an async script comes to."""
        return self._send("POST", "/execute/async", {"script": script, "args": []})

    def prefer(self, colours):
        """Says whether the reader prefers `light` or `dark`."""
        preference = {"name": "prefers-color-scheme", "value": colours}
        self._devtools("Emulation.setEmulatedMedia", features=[preference])

    def screenshot(self, file, selector="html"):
        """The whole of an element, as far as it goes."""
        element = self.find(selector)
        bounds = self._send("GET", f"/element/{element}/rect")
        picture = self._devtools(
            "Page.captureScreenshot", captureBeyondViewport=True, clip={**bounds, "scale": 1}
        )
        pathlib.Path(file).write_bytes(base64.b64decode(picture["data"]))

    def requests(self):
        """The method and URL of each request since the last time that this was asked."""
        entries = self._send("POST", "/se/log", {"type": "performance"})
        events = [json.loads(entry["message"])["message"] for entry in entries]
        return [
            (event["params"]["request"]["method"], event["params"]["request"]["url"])
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def console(self):
        """What was said in the console, likewise: errors, warnings, and breaches of the page's policy."""
        return [entry["message"] for entry in self._send("POST", "/se/log", {"type": "browser"})]

    def _devtools(self, command, **parameters):
        body = {"cmd": command, "params": parameters}
        return self._send("POST", "/goog/cdp/execute", body)

    def _by(self, selector):
        using = "xpath" if selector.startswith(".") and "/" in selector else "css selector"
        return {"using": using, "value": selector}

    def _place(self, within, what):
        return f"/element/{within}/{what}" if within else f"/{what}"

    def _send(self, method, path, body=None):
        request = urllib.request.Request(
            self.session + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        # A proxy of the environment has nothing to do with a program on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=4 * PATIENCE_MS / 1000) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            problem = json.load(error)["value"]
            raise Failed(f"{path} {body}: {problem['error']}: {problem['message']}") from None
