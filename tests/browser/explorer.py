"""The emulator's pages, as somebody with a browser uses them, and whom the browser talks to meanwhile.

usage: explorer.py EMULATOR BROWSER FOLDER

EMULATOR is the program, with the feature `ui`; BROWSER is Chromium. Screenshots go to FOLDER. Exits with 1 if something
is not as it should be, and says what.
"""

import json
import pathlib
import socketserver
import subprocess
import sys
import threading
from urllib.parse import urlsplit

from webdriver import Browser, Failed

MANAGEMENT_KEY = "sk-or-v1-not-a-real-key"
NAME = "From the explorer"

OPERATIONS = {
    "list": "GET /keys",
    "createKeys": "POST /keys",
    "getKey": "GET /keys/{hash}",
    "updateKeys": "PATCH /keys/{hash}",
    "deleteKeys": "DELETE /keys/{hash}",
    "getCurrentKey": "GET /key",
}


def main(emulator, binary, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with (
        Emulator(emulator) as emulator,
        Exit() as exit_,
        Browser(binary, exit_.url) as browser,
    ):
        landing_page(browser, emulator, folder)
        explorer(browser, emulator, folder)
        nobody_else_was_asked(browser, emulator, exit_)
        it_would_have_been_seen(browser, exit_)


def landing_page(browser, emulator, folder):
    browser.open(emulator.origin + "/")
    same("the base URL on the landing page", browser.text(browser.find("pre")), emulator.base_url)
    # Text that is dark on dark would be no error, so that a picture is all there can be of it.
    for colours in ["dark", "light"]:
        browser.prefer(colours)
        browser.screenshot(folder / f"landing-{colours}.png")
    browser.click(".//a[text()='/_emulator/faults']")
    same("the faults behind their link", browser.content(browser.find("pre")), '{"faults":[]}')
    browser.open(emulator.origin + "/")
    browser.click(".//a[text()='API explorer']")
    browser.find(".opblock")
    same("where the landing page leads", browser.url(), emulator.origin + "/docs")
    done("the landing page tells the base URL and leads to the controls and the explorer")


def explorer(browser, emulator, folder):
    listed = {
        browser.text(browser.find(".opblock-summary-operation-id", block)): " ".join(
            browser.text(browser.find(part, block))
            for part in [".opblock-summary-method", ".opblock-summary-path"]
        )
        for block in browser.find_all(".opblock")
    }
    # Within a long word the page has invisible places to break the line.
    listed = {name: what.replace("\u200b", "") for name, what in listed.items()}
    same("the operations that the explorer lists", listed, OPERATIONS)
    for colours in ["dark", "light"]:
        browser.prefer(colours)
        browser.screenshot(folder / f"explorer-{colours}.png")
    done("the explorer lists the six operations")

    status, answer = send(browser, "list")
    same("the status of a list without a key", status, "401")
    same("the code in its body", answer["error"]["code"], 401)
    sign_in(browser)
    done("nothing is listed before the management key is given")

    create = {"name": NAME, "limit": 5, "limit_reset": "daily"}
    status, answer = send(browser, "createKeys", body=json.dumps(create))
    same("the status of the create", status, "201")
    same("the name of the new key", answer["data"]["name"], NAME)
    expect("the answer has a plaintext", answer["key"].startswith("sk-or-v1-"))
    browser.screenshot(folder / "created.png", "[id$='-createKeys'] .responses-inner > div")
    key = answer["data"]
    done("a create shows its answer, with the plaintext")

    status, answer = send(browser, "list")
    same("the status of the list", status, "200")
    names = [each["name"] for each in answer["data"]]
    same("the names listed", names, [NAME, "fleet-00003", "fleet-00002", "fleet-00001"])
    same("the hash listed", answer["data"][0]["hash"], key["hash"])
    done("a list shows the new key, and those that were there before")

    status, answer = send(browser, "getKey", hash=key["hash"])
    same("the key by itself", (status, answer), ("200", {"data": key}))
    status, answer = send(browser, "updateKeys", hash=key["hash"], body='{"limit": null}')
    same("the limit after the update", (status, answer["data"]["limit"]), ("200", None))
    status, answer = send(browser, "getCurrentKey")
    same("who asks", (status, answer["data"]["is_management_key"]), ("200", True))
    status, answer = send(browser, "deleteKeys", hash=key["hash"])
    same("the delete", (status, answer), ("200", {"deleted": True}))
    status, answer = send(browser, "getKey", hash=key["hash"])
    same("the deleted key", (status, answer["error"]["code"]), ("404", 404))
    done("get, update, delete and current can be sent too")

    # What is there to be sent without typing anything is a request that works, and as often as one likes.
    browser.open(emulator.origin + "/docs")
    sign_in(browser)
    for _ in range(2):
        status, answer = send(browser, "createKeys")
        same("the status of the example", status, "201")
        same("the name in the example", answer["data"]["name"], "Customer 42")
    status, answer = send(browser, "list")
    same("where the example makes a key", [each["name"] for each in answer["data"]][:2], ["Customer 42"] * 2)
    done("the example that the explorer offers makes a key each time")


def sign_in(browser):
    browser.click(".scheme-container .btn.authorize")
    scheme = browser.find(".//div[@class='auth-container'][.//code[text()='managementKey']]")
    browser.type("input", MANAGEMENT_KEY, scheme)
    browser.click("button[type=submit]", scheme)
    browser.click(".btn-done", scheme)


def send(browser, operation, body=None, **parameters):
    """Fills in an operation's form, sends it, and reads the status and the body that the page shows."""
    block = f"[id$='-{operation}']"
    if "is-open" not in browser.attribute(browser.find(block), "class"):
        browser.click(f"{block} .opblock-summary-control")
    for name, value in parameters.items():
        browser.type(f"{block} tr[data-param-name={name}] input", value)
    if body is not None:
        browser.type(f"{block} textarea", body)
    # An answer that is shown already is taken away first, so that the next one is of this request.
    if browser.has(f"{block} .btn-clear"):
        browser.click(f"{block} .btn-clear")
        expect("an answer that is cleared is gone", not browser.has(f"{block} .live-responses-table"))
    browser.click(f"{block} .execute")
    answer = browser.find(f"{block} .live-responses-table tbody tr.response")
    status = browser.text(browser.find(".response-col_status", answer)).split()[0]
    shown = browser.find(".response-col_description .highlight-code code", answer)
    return status, json.loads(browser.content(shown))


def nobody_else_was_asked(browser, emulator, exit_):
    requests = browser.requests()
    sent = [(method, url.removeprefix(emulator.origin)) for method, url in requests]
    for wanted in [
        ("GET", "/"),
        ("GET", "/docs"),
        ("GET", "/docs/swagger-ui-bundle.js"),
        ("GET", "/openapi.yaml"),
        ("POST", "/api/v1/keys"),
        ("GET", "/api/v1/key"),
    ]:
        expect(f"{wanted} is among the requests that were recorded", wanted in sent)
    # The others name no host: images within a page, and what the browser itself has for a new tab.
    on_the_network = [url for _, url in requests if urlsplit(url).scheme not in ("data", "chrome")]
    elsewhere = [url for url in on_the_network if not url.startswith(emulator.origin + "/")]
    same("requests of the pages to anything but the emulator", elsewhere, [])
    same("connections of the browser to anything but this machine", exit_.seen(), [])
    # A refusal that was shown is reported there, and is no mistake of the page.
    refusals = [f"the server responded with a status of {status} " for status in (401, 404)]
    said = [line for line in browser.console() if not any(each in line for each in refusals)]
    same("errors and warnings in the console", said, [])
    done(f"all of {len(on_the_network)} requests went to the emulator, and the browser asked for no other machine")


def it_would_have_been_seen(browser, exit_):
    """That nothing was seen so far means something only if there was something to see it."""
    script = """
        fetch("http://elsewhere.test/").then(() => "answered", () => "refused").then(arguments[0]);
    """
    same("a request of the page to another host", browser.run(script), "refused")
    expect("its policy is why", any("Content Security Policy" in line for line in browser.console()))
    same("connections after that", exit_.seen(), [])
    try:
        browser.open("http://elsewhere.test/")
    except Failed:
        # The exit hangs up without an answer.
        pass
    expect("a visit to another host is seen", "GET http://elsewhere.test/" in " ".join(exit_.seen()))
    done("the pages may ask nobody else, and a browser that did would have been seen")


class Emulator:
    """The program, with three keys."""

    def __init__(self, program):
        self.process = subprocess.Popen(
            [program, "--management-key", MANAGEMENT_KEY, "--keys", "3"],
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline().strip()
        self.base_url = line.removeprefix("listening on ")
        self.origin = self.base_url.removesuffix("/api/v1")
        expect(f"the emulator listens on loopback: {line!r}", self.origin.startswith("http://127.0.0.1:"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Exit:
    """The one way out that the browser has: it leads nowhere, and remembers who tried it."""

    def __init__(self):
        self.tried = []
        exit_ = self

        class Connection(socketserver.StreamRequestHandler):
            def handle(self):
                # It counts before a word is said: a page can have a browser connect and say nothing.
                attempt = {"said": ""}
                exit_.tried.append(attempt)
                attempt["said"] = self.rfile.readline(4096).decode("latin-1").strip()

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]

    def seen(self):
        return [attempt["said"] for attempt in self.tried]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def same(what, found, expected):
    if found != expected:
        raise Failed(f"{what}: expected {expected!r}, found {found!r}")


def expect(what, is_so):
    if not is_so:
        raise Failed(f"expected that {what}")


def done(what):
    print(f"ok: {what}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Failed as failure:
        sys.exit(f"FAILED: {failure}")
