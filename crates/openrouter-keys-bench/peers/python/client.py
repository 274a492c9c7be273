"""WORKLOAD N BASE_URL: does the work with the standard library, and prints one line of JSON about it."""

import http.client
import json
import sys
import time
from urllib.parse import urlsplit

KEY = {"Authorization": "Bearer sk-or-v1-not-a-real-management-key"}
HASH = "0" * 64


def main(workload, count, base_url):
    base = urlsplit(base_url)
    connection = http.client.HTTPConnection(base.netloc)

    def call(method, path, body=None):
        headers = KEY | ({"Content-Type": "application/json"} if body else {})
        connection.request(method, base.path + path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            sys.exit(f"the server said {answer.status}")
        return json.loads(text)

    def list_all():
        seen = 0
        while page := call("GET", f"/keys?include_disabled=true&include_expired=true&offset={seen}")["data"]:
            seen += len(page)
        return seen

    def repeat(*request):
        for _ in range(count):
            call(*request)
        return count

    work = {
        "get": lambda: repeat("GET", f"/keys/{HASH}"),
        "create": lambda: repeat("POST", "/keys", {"name": "Customer 42", "limit": 50}),
        "update": lambda: repeat("PATCH", f"/keys/{HASH}", {"name": "Customer 42", "disabled": True}),
        "list": list_all,
        "start": lambda: repeat("GET", "/key"),
    }.get(workload)
    if work is None:
        sys.exit(f"it does not know {workload}")

    started, cpu = time.perf_counter(), 0 if workload == "start" else time.process_time()
    done = work()
    line = {
        "seconds": time.perf_counter() - started,
        "count": done,
        "cpu_seconds": time.process_time() - cpu,
    }
    try:
        with open("/proc/self/status") as status:
            peak = next(text for text in status if text.startswith("VmHWM:"))
        line["peak_bytes"] = int(peak.split()[1]) * 1024
    except OSError:
        pass  # Only Linux says.
    print(json.dumps(line))


main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
