// The official TypeScript SDK against the emulator, as its documentation uses it: with a server's address and a key.

import assert from "node:assert/strict";
import { beforeEach, afterEach, test } from "node:test";

import * as emulator from "./emulator.mjs";
import { OpenRouter } from "@openrouter/sdk";
import { OpenRouterCore } from "@openrouter/sdk/core.js";
import { apiKeysGet } from "@openrouter/sdk/funcs/apiKeysGet.js";
import * as errors from "@openrouter/sdk/models/errors";

const NOW = "2026-11-21T12:34:56.123456Z";
const LATER = "2026-11-21T13:34:56.123456Z";
const EXPIRY = new Date("2027-01-31T12:00:00Z");
const WORKSPACE = "00000000-0000-4000-8000-000000000042";
const DEFAULT_WORKSPACE = "00000000-0000-4000-8000-000000000001";
const PARTNER_KEY = "partner-key-that-is-not-a-real-one";
const NOBODYS_HASH = "0".repeat(64);

const NO_RETRIES = { retries: { strategy: "none" } };
const amounts = (usage, byokUsage) => ({
  usage,
  usageDaily: usage,
  usageWeekly: usage,
  usageMonthly: usage,
  byokUsage,
  byokUsageDaily: byokUsage,
  byokUsageWeekly: byokUsage,
  byokUsageMonthly: byokUsage,
});

// The statuses for which the SDK has an error of its own, by operation. Any other one is an untyped one.
const BAD = { 400: errors.BadRequestResponseError };
const UNKNOWN = { 401: errors.UnauthorizedResponseError };
const FORBIDDEN = { 403: errors.ForbiddenResponseError };
const GONE = { 404: errors.NotFoundResponseError };
const MANY = { 429: errors.TooManyRequestsResponseError };
const BROKEN = { 500: errors.InternalServerResponseError };
const TYPED = {
  create: { ...BAD, ...UNKNOWN, ...FORBIDDEN, ...MANY, ...BROKEN },
  list: { ...BAD, ...UNKNOWN, ...MANY, ...BROKEN },
  get: { ...UNKNOWN, ...GONE, ...MANY, ...BROKEN },
  update: { ...BAD, ...UNKNOWN, ...GONE, ...MANY, ...BROKEN },
  delete: { ...UNKNOWN, ...GONE, ...MANY, ...BROKEN },
  current: { ...UNKNOWN, ...BROKEN },
};

const client = (apiKey = emulator.MANAGEMENT_KEY) =>
  new OpenRouter({ serverURL: emulator.URL_OF_API, apiKey });

/** Each of the six operations, where it needs a key on one that nobody has. */
const calls = ({ apiKeys: keys }) => ({
  create: (options) => keys.create({ requestBody: { name: "a" } }, options),
  list: (options) => keys.list({}, options),
  get: (options) => keys.get({ hash: NOBODYS_HASH }, options),
  update: (options) => keys.update({ hash: NOBODYS_HASH, requestBody: { name: "a" } }, options),
  delete: (options) => keys.delete({ hash: NOBODYS_HASH }, options),
  current: (options) => keys.getCurrentKeyMetadata({}, options),
});

/** The error that the call ends with, which is one of that class. */
async function failure(type, promise) {
  const error = await promise.then(
    (value) => assert.fail(`no error, but ${JSON.stringify(value)}`),
    (error) => error,
  );
  assert.equal(error.constructor.name, type.name, error.message);
  assert.ok(error instanceof type);
  return error;
}

/** The same, with that status twice and a message that begins so. */
async function typed(type, status, message, promise) {
  const error = await failure(type, promise);
  assert.deepEqual([error.statusCode, error.error.code], [status, status]);
  assert.ok(error.error.message.startsWith(message), error.error.message);
  assert.equal(error.message, error.error.message);
  return error;
}

// A failure of the server would be tried again for an hour.
const WITHIN = { timeout: 20_000 };

beforeEach(() => emulator.begin(NOW));

// All that it has ever reached, and it has reached something.
afterEach(() => assert.deepEqual([...emulator.reached], [emulator.HOST]));

test("a key from its creation to its end", WITHIN, async () => {
  const { apiKeys } = client();
  const { data: created, key: plaintext } = await apiKeys.create({
    requestBody: {
      name: "Customer 42",
      limit: 50,
      limitReset: "monthly",
      includeByokInLimit: true,
      expiresAt: EXPIRY,
      workspaceId: WORKSPACE,
      creatorUserId: "user_1",
      external: { user: "customer-42", apiKey: PARTNER_KEY },
    },
  });
  const { hash } = created;
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.match(plaintext, /^sk-or-v1-[0-9a-f]{64}$/);
  const key = {
    ...amounts(0, 0),
    hash,
    name: "Customer 42",
    label: `${plaintext.slice(0, 12)}...${plaintext.slice(-4)}`,
    disabled: false,
    limit: 50,
    limitRemaining: 50,
    limitReset: "monthly",
    includeByokInLimit: true,
    createdAt: NOW,
    updatedAt: null,
    expiresAt: EXPIRY,
    creatorUserId: "user_1",
    workspaceId: WORKSPACE,
    externalUser: "customer-42",
  };
  assert.deepEqual(created, key);
  assert.deepEqual(await apiKeys.get({ hash }), { data: key });
  assert.deepEqual(await apiKeys.list({ workspaceId: WORKSPACE }), { data: [key] });

  await emulator.control("POST", "clock", { set: LATER });
  const update = async (requestBody, changes) => {
    Object.assign(key, requestBody, changes);
    assert.deepEqual(await apiKeys.update({ hash, requestBody }), { data: key });
  };
  await update({ name: "Customer 43", disabled: true }, { updatedAt: LATER });
  await update({ limit: null, limitReset: null }, { limitRemaining: null });
  await update(
    { limit: 12.5, limitReset: "weekly", includeByokInLimit: false, disabled: false },
    { limitRemaining: 12.5 },
  );

  assert.deepEqual(await apiKeys.delete({ hash }), { deleted: true });
  const gone = errors.NotFoundResponseError;
  await typed(gone, 404, "Resource not found", apiKeys.get({ hash }));
  await failure(gone, apiKeys.update({ hash, requestBody: { name: "nobody" } }));
  await failure(gone, apiKeys.delete({ hash }));

  const requests = await emulator.log();
  const one = `/keys/${hash}`;
  assert.deepEqual(emulator.inShort(requests), [
    [
      "POST /keys",
      {
        name: "Customer 42",
        limit: 50,
        limit_reset: "monthly",
        include_byok_in_limit: true,
        expires_at: "2027-01-31T12:00:00.000Z",
        workspace_id: WORKSPACE,
        creator_user_id: "user_1",
        external: { user: "customer-42", api_key: "[redacted]" },
      },
      201,
    ],
    [`GET ${one}`, null, 200],
    [`GET /keys?workspace_id=${WORKSPACE}`, null, 200],
    [`PATCH ${one}`, { name: "Customer 43", disabled: true }, 200],
    [`PATCH ${one}`, { limit: null, limit_reset: null }, 200],
    [
      `PATCH ${one}`,
      { limit: 12.5, limit_reset: "weekly", include_byok_in_limit: false, disabled: false },
      200,
    ],
    [`DELETE ${one}`, null, 200],
    [`GET ${one}`, null, 404],
    [`PATCH ${one}`, { name: "nobody" }, 404],
    [`DELETE ${one}`, null, 404],
  ]);
  for (const { credential, headers } of requests) {
    assert.equal(credential, "management");
    assert.equal(headers["user-agent"].split(" ")[0], "speakeasy-sdk/typescript");
  }
});

test("a create with a name alone and one with nulls", WITHIN, async () => {
  const { apiKeys } = client();
  const nulls = { limit: null, limitReset: null, expiresAt: null, creatorUserId: null };
  for (const requestBody of [{ name: "few" }, { name: "nulls", ...nulls }]) {
    const { data: key } = await apiKeys.create({ requestBody });
    const { limit, limitReset, expiresAt, creatorUserId } = key;
    assert.deepEqual({ limit, limitReset, expiresAt, creatorUserId }, nulls);
    assert.deepEqual([key.limitRemaining, key.externalUser], [null, null]);
    assert.deepEqual([key.includeByokInLimit, key.workspaceId], [false, DEFAULT_WORKSPACE]);
  }
  const bodies = (await emulator.sent()).map(([, body]) => body);
  const nothing = { limit: null, limit_reset: null, expires_at: null, creator_user_id: null };
  assert.deepEqual(bodies, [{ name: "few" }, { name: "nulls", ...nothing }]);
});

test("every key is listed once", WITHIN, async () => {
  const { hashes } = await emulator.control("POST", "keys", { count: 250 });
  const { apiKeys } = client();
  const listed = [];
  // It does not turn the pages itself.
  for (;;) {
    const { data: page } = await apiKeys.list({ offset: listed.length });
    if (page.length === 0) break;
    listed.push(...page.map((key) => key.hash));
  }
  assert.deepEqual(listed, hashes.reverse());
  assert.deepEqual(
    (await emulator.sent()).map(([target]) => target),
    [0, 100, 200, 250].map((offset) => `GET /keys?offset=${offset}`),
  );
});

test("which keys are listed", WITHIN, async () => {
  for (const [name, more] of [
    ["plain-", {}],
    ["disabled-", { disabled: true }],
    ["expired-", { expires_at: "2026-11-21T12:00:00Z" }],
    ["elsewhere-", { workspace_id: WORKSPACE }],
  ]) {
    await emulator.control("POST", "keys", { count: 1, name, ...more });
  }
  const { apiKeys } = client();
  for (const [choice, names, query] of [
    [undefined, ["plain"], ""],
    [{ offset: null }, ["plain"], ""],
    [{ offset: 1 }, [], "?offset=1"],
    [{ includeDisabled: true }, ["disabled", "plain"], "?include_disabled=true"],
    [{ includeDisabled: false }, ["plain"], "?include_disabled=false"],
    [{ workspaceId: WORKSPACE }, ["elsewhere"], `?workspace_id=${WORKSPACE}`],
  ]) {
    const { data: keys } = await apiKeys.list(choice);
    assert.deepEqual(keys.map((key) => key.name.split("-")[0]), names);
    assert.deepEqual(await emulator.sent(), [[`GET /keys${query}`, null, 200]]);
  }
});

test("what a key is told of itself", WITHIN, async () => {
  const account = {
    isFreeTier: false,
    organizationId: null,
    allowedDataRegions: ["global"],
    freeModelDailyRequests: { limit: 1000, remaining: 1000, used: 0 },
  };
  const current = async ({ apiKeys }) => {
    const { rateLimit, ...rest } = (await apiKeys.getCurrentKeyMetadata()).data;
    assert.equal(rateLimit.requests, -1);
    return rest;
  };

  const management = client();
  assert.deepEqual(await current(management), {
    ...amounts(0, 0),
    ...account,
    label: "sk-or-v1-...",
    limit: null,
    limitRemaining: null,
    limitReset: null,
    includeByokInLimit: false,
    isManagementKey: true,
    isProvisioningKey: true,
    creatorUserId: null,
    workspaceId: null,
    expiresAt: null,
  });

  const { data: created, key } = await management.apiKeys.create({
    requestBody: {
      name: "Customer 42",
      limit: 2,
      limitReset: "weekly",
      expiresAt: EXPIRY,
      creatorUserId: "user_1",
    },
  });
  const { hash, label } = created;
  await emulator.control("POST", `keys/${hash}/spend`, { usd: 3.25, byok_usd: 0.5 });
  const overdrawn = { ...amounts(3.25, 0.5), limit: 2, limitRemaining: -1.25, limitReset: "weekly" };
  const { data: used } = await management.apiKeys.get({ hash });
  assert.deepEqual(used, { ...created, ...overdrawn });
  assert.deepEqual(await current(client(key)), {
    ...overdrawn,
    ...account,
    label,
    includeByokInLimit: false,
    isManagementKey: false,
    isProvisioningKey: false,
    creatorUserId: "user_1",
    workspaceId: DEFAULT_WORKSPACE,
    expiresAt: EXPIRY,
  });
  const credentials = (await emulator.log()).map((request) => request.credential);
  assert.deepEqual(credentials, ["management", "management", "management", hash]);
});

test("what is wrong with a request", WITHIN, async () => {
  const { apiKeys } = client();
  const { data } = await apiKeys.create({ requestBody: { name: "Customer 42" } });
  const create = (fields) => () => apiKeys.create({ requestBody: { name: "a", ...fields } });
  const update = (requestBody) => () => apiKeys.update({ hash: data.hash, requestBody });
  for (const [field, call] of [
    ["name", create({ name: "" })],
    ["limit", create({ limit: -1 })],
    ["limit_reset", create({ limitReset: "yearly" })],
    ["workspace_id", create({ workspaceId: "mine" })],
    ["creator_user_id", create({ creatorUserId: "" })],
    ["external.api_key", create({ external: { user: "b", apiKey: "short" } })],
    ["limit", update({ limit: -1 })],
    ["limit_reset", update({ limitReset: "yearly" })],
    ["offset", () => apiKeys.list({ offset: -1 })],
    ["workspace_id", () => apiKeys.list({ workspaceId: "mine" })],
  ]) {
    await typed(errors.BadRequestResponseError, 400, `${field} must be `, call());
  }
  assert.equal((await apiKeys.list()).data.length, 1);
});

test("whose key it is", WITHIN, async () => {
  for (const [sdk, message] of [
    [client("sk-or-v1-nobodys-key"), "This API key is not known"],
    [new OpenRouter({ serverURL: emulator.URL_OF_API }), "Missing Authentication header"],
  ]) {
    for (const call of Object.values(calls(sdk))) {
      await typed(errors.UnauthorizedResponseError, 401, message, call());
    }
  }
  const management = client();
  const { key } = await management.apiKeys.create({ requestBody: { name: "Customer 42" } });
  const { create, current, ...others } = calls(client(key));
  const forbidden = "Only management keys can perform this operation";
  await typed(errors.ForbiddenResponseError, 403, forbidden, create());
  assert.equal((await current()).data.isManagementKey, false);
  for (const call of Object.values(others)) {
    const error = await failure(errors.OpenRouterDefaultError, call());
    assert.equal(error.statusCode, 403);
    assert.equal(JSON.parse(error.body).error.message, forbidden);
  }
});

test("what fails", WITHIN, async () => {
  for (const [name, call] of Object.entries(calls(client()))) {
    for (const [status, type] of Object.entries(TYPED[name])) {
      const fault = { fault: "status", status: Number(status), route: name, retry_after: 7 };
      await emulator.control("POST", "faults", fault);
      const message = "A fault that was injected";
      const error = await typed(type, Number(status), message, call(NO_RETRIES));
      assert.equal(error.headers.get("retry-after"), "7");
    }
    await emulator.control("POST", "faults", { fault: "html", route: name });
    const page = await failure(errors.OpenRouterDefaultError, call(NO_RETRIES));
    assert.equal(page.statusCode, 502);
    assert.ok(page.body.startsWith("<!DOCTYPE html>"));
  }
  assert.deepEqual(await emulator.control("GET", "faults"), { faults: [] });
});

test("too many requests", WITHIN, async () => {
  await emulator.control("PUT", "rate_limit", { requests: 1, per_ms: 3_600_000 });
  const { apiKeys } = client();
  await apiKeys.list();
  const type = errors.TooManyRequestsResponseError;
  const { headers } = await typed(type, 429, "Rate limit exceeded", apiKeys.list({}, NO_RETRIES));
  assert.equal(headers.get("x-ratelimit-limit"), "1");
  assert.equal(headers.get("x-ratelimit-remaining"), "0");
  const seconds = Number(headers.get("retry-after"));
  assert.ok(seconds >= 1 && seconds <= 3600);
});

test("what it tries again", WITHIN, async () => {
  await emulator.control("POST", "keys", { count: 1 });
  await emulator.control("POST", "faults", { fault: "status", status: 503, count: 2 });
  const backoff = { initialInterval: 1, maxInterval: 1, exponent: 1, maxElapsedTime: 30_000 };
  const retries = { retries: { strategy: "backoff", backoff } };
  const statuses = async () => (await emulator.sent()).map(([, , status]) => status);
  const { apiKeys } = client();
  assert.equal((await apiKeys.list({}, retries)).data.length, 1);
  assert.deepEqual(await statuses(), [503, 503, 200]);

  // It tries a create again too, and so makes a second key of one that was made.
  const lost = { fault: "commit_then_status", status: 504, route: "create" };
  await emulator.control("POST", "faults", lost);
  await apiKeys.create({ requestBody: { name: "twice" } }, retries);
  assert.deepEqual(await statuses(), [504, 201]);
  const names = (await apiKeys.list()).data.map((key) => key.name);
  assert.deepEqual(names, ["twice", "twice", "fleet-00001"]);
});

test("its functions that return what went wrong", WITHIN, async () => {
  const core = new OpenRouterCore({ serverURL: emulator.URL_OF_API, apiKey: emulator.MANAGEMENT_KEY });
  const { hashes } = await emulator.control("POST", "keys", { count: 1 });
  const found = await apiKeysGet(core, { hash: hashes[0] });
  assert.equal(found.value.data.hash, hashes[0]);
  const { ok, error } = await apiKeysGet(core, { hash: NOBODYS_HASH });
  assert.equal(ok, false);
  assert.ok(error instanceof errors.NotFoundResponseError);
});
