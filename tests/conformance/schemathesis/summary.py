"""Whether Schemathesis did what it was run for: `summary.py EVENTS…`.

A phase in which no request was taken would pass every check. So this counts the answers in the events that Schemathesis
recorded, and fails where a phase has nothing to show for an operation.
"""

import base64
import collections
import itertools
import json
import sys

PHASES = ["examples", "coverage", "fuzzing", "stateful"]

CREATE, READ, CHANGE, REMOVE = "POST /keys", "GET /keys/{hash}", "PATCH /keys/{hash}", "DELETE /keys/{hash}"
LIST, CURRENT = "GET /keys", "GET /key"
OPERATIONS = [LIST, CREATE, READ, CHANGE, REMOVE, CURRENT]

# GET /key takes nothing that there could be an example of, and nothing leads to it.
IDLE = {("examples", CURRENT), ("stateful", CURRENT)}


def main():
    answers, lives = collections.Counter(), collections.Counter()
    for phase, exchanges in itertools.chain.from_iterable(map(scenarios, sys.argv[1:])):
        for operation, status, _ in exchanges:
            answers[phase, operation, status // 100] += 1
        if phase == "stateful":
            lives.update(complete_lives(exchanges))

    print(f"{'2xx + 4xx':20}" + "".join(f"{phase:>12}" for phase in PHASES))
    for operation in OPERATIONS:
        counts = (f"{answers[phase, operation, 2]} + {answers[phase, operation, 4]}" for phase in PHASES)
        print(f"{operation:20}" + "".join(f"{count:>12}" for count in counts))
    print(f"keys made, read, changed and removed within one scenario: {lives['whole']}", end="; ")
    print(f"looked for after that, and gone: {lives['gone']}")

    missing = [
        f"{phase}: no request of {operation} was taken"
        for phase in PHASES
        for operation in OPERATIONS
        if not answers[phase, operation, 2] and (phase, operation) not in IDLE
    ]
    missing += [f"stateful: no key was {what}" for what in ["whole", "gone"] if not lives[what]]
    sys.exit("\n".join(missing) or 0)


def scenarios(events):
    """The phase of each scenario, and the operation, the status and the key's hash of each of its exchanges."""
    with open(events, encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line).get("ScenarioFinished")
            if event is None:
                continue
            recorder = event["recorder"]
            cases, interactions = recorder.get("cases", {}), recorder.get("interactions", {})
            yield event["phase"], [
                exchange(case["value"], interactions.get(name, {}).get("response")) for name, case in cases.items()
            ]


def exchange(case, response):
    operation = f"{case['method']} {case['path']}"
    # There is none if the server died.
    status = response["status_code"] if response else 0
    if (operation, status) == (CREATE, 201):
        created = json.loads(base64.b64decode(response["content"]["$base64"]))
        return operation, status, created["data"]["hash"]
    return operation, status, (case.get("path_parameters") or {}).get("hash")


def complete_lives(exchanges):
    """`whole` for each key that was made, read, changed and removed, and `gone` if it was missed afterwards."""
    lives = collections.defaultdict(list)
    for operation, status, hash in exchanges:
        lives[hash].append((operation, status))
    for hash, life in lives.items():
        if hash is None or life[0] != (CREATE, 201) or (REMOVE, 200) not in life:
            continue
        end = life.index((REMOVE, 200))
        if (READ, 200) in life[:end] and (CHANGE, 200) in life[:end]:
            yield "whole"
        if any(status == 404 for _, status in life[end + 1 :]):
            yield "gone"


main()
