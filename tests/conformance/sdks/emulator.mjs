// The emulator as a test sees it: what can be done to it beside the API, and what it was asked.

import net from "node:net";

export const URL_OF_API = process.env.CONFORMANCE_URL;
export const MANAGEMENT_KEY = process.env.CONFORMANCE_KEY;
export const { host: HOST, origin: ORIGIN } = new URL(URL_OF_API);

/** What any part of this process has set out to connect to. */
export const reached = new Set();

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...given) {
  // Node's own callers pass what they were given as one array.
  const [options] = Array.isArray(given[0]) ? given[0] : given;
  reached.add(options.path ?? `${options.host}:${options.port}`);
  return connect.apply(this, given);
};

/** Sends a request to the control surface and returns the answer's JSON. */
export async function control(method, path, body) {
  const answer = await fetch(`${ORIGIN}/_emulator/${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json" },
    signal: AbortSignal.timeout(10_000),
  });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.error.message);
  return json;
}

/** Makes the emulator as it was at its start, but for the clock, which stands still. */
export async function begin(now) {
  await control("POST", "reset");
  await control("POST", "clock", { set: now, frozen: true });
}

/** The requests that have come for the API since the last time, the oldest first. */
export async function log() {
  const { requests } = await control("GET", "requests");
  await control("DELETE", "requests");
  return requests;
}

/** Of each request the target, the body and the status of its answer. */
export function inShort(requests) {
  return requests.map(({ method, path, query, body, status }) => {
    const target = path.replace("/api/v1", "") + (query === null ? "" : `?${query}`);
    return [`${method} ${target}`, body, status];
  });
}

/** Those that have come since the last time, in short. */
export async function sent() {
  return inShort(await log());
}
