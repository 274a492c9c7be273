// Whether Prism saw what it was started for: `summary.mjs LOG`. It counts the calls of each operation that it passed on, by
// the status that came back, and fails where an operation has no success, or where anything was not as described.

import { readFileSync } from "node:fs";

const operations = ["get /keys", "post /keys", "get /keys/{hash}", "patch /keys/{hash}", "delete /keys/{hash}", "get /key"];

// An ordinary key that goes beyond itself gets 403 everywhere, which the service documents for some operations alone. Any
// other remark of Prism's is a fault, and so is an error of its own.
const isUndocumented = /Violation: response Unable to match the returned status code/;
const forbidden = ["get /keys", "get /keys/{hash}", "delete /keys/{hash}"];

const calls = new Map(operations.map((operation) => [operation, new Map()]));
const faults = [];
const underWay = new Map();
let undocumented = 0;
for (const line of readFileSync(process.argv[2], "utf8").split("\n")) {
    const sent = /Forwarding "(\w+)" request to http:\/\/[^/]+\/api\/v1(\/[^?]*?)(?:\?.*)?\.\.\.$/.exec(line);
    const answered = /The upstream call to (\S+) has returned (\d+)/.exec(line);
    if (sent) {
        // The answer is logged with the path alone: what is asked of one path at once comes back in some order.
        underWay.set(sent[2], [...(underWay.get(sent[2]) ?? []), sent[1]]);
    } else if (answered) {
        const path = answered[1].replace(/^\/keys\/.+/, "/keys/{hash}");
        const statuses = calls.get(`${underWay.get(answered[1])?.shift()} ${path}`);
        if (statuses === undefined) {
            faults.push(`an answer to no call: ${line}`);
        } else {
            statuses.set(answered[2], (statuses.get(answered[2]) ?? 0) + 1);
        }
    } else if (isUndocumented.test(line)) {
        undocumented += 1;
    } else if (/Violation:|\berror\b|\bfatal\b/.test(line)) {
        faults.push(line);
    }
}

for (const [operation, statuses] of calls) {
    const counts = [...statuses].sort().map(([status, count]) => `${status} × ${count}`);
    console.log(`${operation.padEnd(20)} ${counts.join(", ")}`);
    if (!counts.some((count) => count.startsWith("2"))) {
        faults.push(`${operation} never succeeded`);
    }
}
const expected = forbidden.reduce((sum, operation) => sum + (calls.get(operation).get("403") ?? 0), 0);
if (undocumented !== expected) {
    faults.push(`${undocumented} answers have a status that is not described; ${expected} of them may`);
}
if (faults.length > 0) {
    console.error(faults.join("\n"));
    process.exitCode = 1;
}
