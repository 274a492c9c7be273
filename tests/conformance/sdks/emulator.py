"""The emulator as a test sees it: what can be done to it beside the API, and what it was asked."""

import json
import os
import sys
import urllib.request
from urllib.parse import urlsplit

URL = os.environ["CONFORMANCE_URL"]
MANAGEMENT_KEY = os.environ["CONFORMANCE_KEY"]
ADDRESS = (urlsplit(URL).hostname, urlsplit(URL).port)

reached = set()
"""What any part of this process has connected to or looked up the address of."""


def _watch(event, arguments):
    if event == "socket.connect":
        reached.add(arguments[1])
    elif event == "socket.getaddrinfo":
        reached.add(arguments[:2])


sys.addaudithook(_watch)


def control(method, path, body=None):
    """Sends a request to the control surface and returns the answer's JSON."""
    request = urllib.request.Request(
        f"http://{ADDRESS[0]}:{ADDRESS[1]}/_emulator/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def begin(now):
    """Makes the emulator as it was at its start, but for the clock, which stands still."""
    control("POST", "reset")
    control("POST", "clock", {"set": now, "frozen": True})


def log():
    """The requests that have come for the API since the last time, the oldest first."""
    requests = control("GET", "requests")["requests"]
    control("DELETE", "requests")
    return requests


def in_short(requests):
    """Of each request the target, the body and the status of its answer."""
    return [(_target(request), request["body"], request["status"]) for request in requests]


def sent():
    """Those that have come since the last time, in short."""
    return in_short(log())


def _target(request):
    query = "" if request["query"] is None else "?" + request["query"]
    return f"{request['method']} {request['path'].removeprefix('/api/v1')}{query}"
