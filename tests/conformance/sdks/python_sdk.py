"""The official Python SDK against the emulator, as its documentation uses it: with a server's address and a key."""

import asyncio
import faulthandler
import unittest
from datetime import datetime, timezone
from functools import partial

import emulator
from openrouter import OpenRouter, errors
from openrouter.utils import BackoffStrategy, RetryConfig

NOW = "2026-11-21T12:34:56.123456Z"
LATER = "2026-11-21T13:34:56.123456Z"
WORKSPACE = "00000000-0000-4000-8000-000000000042"
DEFAULT_WORKSPACE = "00000000-0000-4000-8000-000000000001"
PARTNER_KEY = "partner-key-that-is-not-a-real-one"

NO_RETRIES = RetryConfig("none", BackoffStrategy(1, 1, 1, 1), False)
NO_USAGE = {
    f"{kind}usage{window}": 0.0
    for kind in ("", "byok_")
    for window in ("", "_daily", "_weekly", "_monthly")
}


# The statuses for which the SDK has an error of its own, by operation. Any other one is an untyped one.
Untyped = errors.OpenRouterDefaultError
BAD = {400: errors.BadRequestResponseError}
UNKNOWN = {401: errors.UnauthorizedResponseError}
FORBIDDEN = {403: errors.ForbiddenResponseError}
GONE = {404: errors.NotFoundResponseError}
CONFLICT = {409: errors.ConflictResponseError}
MANY = {429: errors.TooManyRequestsResponseError}
BROKEN = {500: errors.InternalServerResponseError}
TYPED = {
    "create": BAD | UNKNOWN | FORBIDDEN | MANY | BROKEN,
    "list": BAD | UNKNOWN | GONE | MANY | BROKEN,
    "get": UNKNOWN | GONE | MANY | BROKEN,
    "update": BAD | UNKNOWN | FORBIDDEN | GONE | CONFLICT | MANY | BROKEN,
    "delete": UNKNOWN | GONE | MANY | BROKEN,
    "current": UNKNOWN | BROKEN,
}


def client(api_key=emulator.MANAGEMENT_KEY):
    return OpenRouter(server_url=emulator.URL, api_key=api_key)


def calls(sdk):
    """Each of the six operations, where it needs a key on one that nobody has."""
    keys, hash = sdk.api_keys, "0" * 64
    return {
        "create": partial(keys.create, name="a"),
        "list": keys.list,
        "get": partial(keys.get, hash=hash),
        "update": partial(keys.update, hash=hash, name="a"),
        "delete": partial(keys.delete, hash=hash),
        "current": keys.get_current_key_metadata,
    }


class PythonSdk(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        emulator.begin(NOW)

    def tearDown(self):
        # All that it has ever reached, and it has reached something.
        self.assertEqual(emulator.reached, {emulator.ADDRESS})

    def test_a_key_from_its_creation_to_its_end(self):
        with client() as sdk:
            created = sdk.api_keys.create(
                name="Customer 42",
                limit=50,
                limit_reset="monthly",
                include_byok_in_limit=True,
                expires_at=datetime(2027, 1, 31, 12, tzinfo=timezone.utc),
                workspace_id=WORKSPACE,
                creator_user_id="user_1",
                external={"user": "customer-42", "api_key": PARTNER_KEY},
            )
            key = created.data.model_dump()
            hash = created.data.hash
            self.assertRegex(hash, "^[0-9a-f]{64}$")
            self.assertRegex(created.key, "^sk-or-v1-[0-9a-f]{64}$")
            self.assertEqual(
                key,
                {
                    **NO_USAGE,
                    "hash": hash,
                    "name": "Customer 42",
                    "label": f"{created.key[:12]}...{created.key[-4:]}",
                    "disabled": False,
                    "limit": 50.0,
                    "limit_remaining": 50.0,
                    "limit_reset": "monthly",
                    "include_byok_in_limit": True,
                    "created_at": NOW,
                    "updated_at": None,
                    "last_used_at": None,
                    "expires_at": datetime(2027, 1, 31, 12, tzinfo=timezone.utc),
                    "creator_user_id": "user_1",
                    "workspace_id": WORKSPACE,
                    "external_user": "customer-42",
                },
            )
            self.assertEqual(sdk.api_keys.get(hash=hash).data.model_dump(), key)
            listed = sdk.api_keys.list(workspace_id=WORKSPACE)
            self.assertEqual([each.model_dump() for each in listed.data], [key])

            emulator.control("POST", "clock", {"set": LATER})
            key.update(name="Customer 43", disabled=True, updated_at=LATER)
            updated = sdk.api_keys.update(hash=hash, name="Customer 43", disabled=True)
            self.assertEqual(updated.data.model_dump(), key)
            key.update(limit=None, limit_remaining=None, limit_reset=None)
            updated = sdk.api_keys.update(hash=hash, limit=None, limit_reset=None)
            self.assertEqual(updated.data.model_dump(), key)
            key.update(
                limit=12.5,
                limit_remaining=12.5,
                limit_reset="weekly",
                include_byok_in_limit=False,
                disabled=False,
                workspace_id=DEFAULT_WORKSPACE,
            )
            updated = sdk.api_keys.update(
                hash=hash,
                limit=12.5,
                limit_reset="weekly",
                include_byok_in_limit=False,
                disabled=False,
                workspace_id=DEFAULT_WORKSPACE,
            )
            self.assertEqual(updated.data.model_dump(), key)

            # Set by the answer, that is: it is true by default.
            self.assertEqual(sdk.api_keys.delete(hash=hash).model_fields_set, {"DELETED"})
            with self.assertRaises(errors.NotFoundResponseError) as gone:
                sdk.api_keys.get(hash=hash)
            self.says(gone, 404, "Resource not found")
            with self.assertRaises(errors.NotFoundResponseError):
                sdk.api_keys.update(hash=hash, name="nobody")
            with self.assertRaises(errors.NotFoundResponseError):
                sdk.api_keys.delete(hash=hash)

        requests = emulator.log()
        one = f"/keys/{hash}"
        self.assertEqual(
            emulator.in_short(requests),
            [
                (
                    "POST /keys",
                    {
                        "name": "Customer 42",
                        "limit": 50.0,
                        "limit_reset": "monthly",
                        "include_byok_in_limit": True,
                        "expires_at": "2027-01-31T12:00:00Z",
                        "workspace_id": WORKSPACE,
                        "creator_user_id": "user_1",
                        "external": {"user": "customer-42", "api_key": "[redacted]"},
                    },
                    201,
                ),
                (f"GET {one}", None, 200),
                (f"GET /keys?workspace_id={WORKSPACE}", None, 200),
                (f"PATCH {one}", {"name": "Customer 43", "disabled": True}, 200),
                (f"PATCH {one}", {"limit": None, "limit_reset": None}, 200),
                (
                    f"PATCH {one}",
                    {
                        "limit": 12.5,
                        "limit_reset": "weekly",
                        "include_byok_in_limit": False,
                        "disabled": False,
                        "workspace_id": DEFAULT_WORKSPACE,
                    },
                    200,
                ),
                (f"DELETE {one}", None, 200),
                (f"GET {one}", None, 404),
                (f"PATCH {one}", {"name": "nobody"}, 404),
                (f"DELETE {one}", None, 404),
            ],
        )
        self.assertEqual({request["credential"] for request in requests}, {"management"})
        agents = {request["headers"]["user-agent"] for request in requests}
        self.assertEqual([agent.split()[0] for agent in agents], ["speakeasy-sdk/python"])

    def test_a_create_with_a_name_alone_and_one_with_nulls(self):
        with client() as sdk:
            few = sdk.api_keys.create(name="few").data
            nulls = sdk.api_keys.create(
                name="nulls", limit=None, limit_reset=None, expires_at=None, creator_user_id=None
            ).data
        for key in (few, nulls):
            self.assertIsNone(key.limit)
            self.assertIsNone(key.limit_remaining)
            self.assertIsNone(key.limit_reset)
            self.assertIsNone(key.expires_at)
            self.assertIsNone(key.creator_user_id)
            self.assertIsNone(key.external_user)
            self.assertIs(key.include_byok_in_limit, False)
            self.assertEqual(key.workspace_id, DEFAULT_WORKSPACE)
        bodies = [body for _, body, _ in emulator.sent()]
        nothing = dict.fromkeys(["limit", "limit_reset", "expires_at", "creator_user_id"])
        self.assertEqual(bodies, [{"name": "few"}, {"name": "nulls", **nothing}])

    def test_every_key_is_listed_once(self):
        seeded = emulator.control("POST", "keys", {"count": 250})["hashes"]
        listed = []
        with client() as sdk:
            # It does not turn the pages itself.
            while page := sdk.api_keys.list(offset=len(listed)).data:
                listed += [key.hash for key in page]
        self.assertEqual(listed, seeded[::-1])
        self.assertEqual(
            [target for target, _, _ in emulator.sent()],
            [f"GET /keys?offset={offset}" for offset in (0, 100, 200, 250)],
        )

        async def pages():
            async with client() as sdk:
                pages = (sdk.api_keys.list_async(offset=offset) for offset in (0, 100, 200))
                return await asyncio.gather(*pages)

        pages = asyncio.run(pages())
        self.assertEqual([key.hash for page in pages for key in page.data], listed)

    def test_which_keys_are_listed(self):
        for name, more in [
            ("plain-", {}),
            ("disabled-", {"disabled": True}),
            ("expired-", {"expires_at": "2026-11-21T12:00:00Z"}),
            ("elsewhere-", {"workspace_id": WORKSPACE}),
        ]:
            emulator.control("POST", "keys", {"count": 1, "name": name, **more})
        with client() as sdk:
            for choice, names, query in [
                ({}, ["plain"], ""),
                ({"offset": None}, ["plain"], ""),
                ({"offset": 1}, [], "?offset=1"),
                ({"include_disabled": True}, ["disabled", "plain"], "?include_disabled=true"),
                ({"include_disabled": False}, ["plain"], "?include_disabled=false"),
                ({"include_expired": True}, ["expired", "plain"], "?include_expired=true"),
                ({"workspace_id": WORKSPACE}, ["elsewhere"], f"?workspace_id={WORKSPACE}"),
            ]:
                with self.subTest(choice):
                    keys = sdk.api_keys.list(**choice).data
                    self.assertEqual([key.name.split("-")[0] for key in keys], names)
                    self.assertEqual(emulator.sent(), [(f"GET /keys{query}", None, 200)])

    def test_what_a_key_is_told_of_itself(self):
        account = {
            "is_free_tier": False,
            "organization_id": None,
            "allowed_data_regions": ["global"],
            "free_model_daily_requests": {"limit": 1000, "remaining": 1000, "used": 0},
        }
        with client() as sdk:
            current = sdk.api_keys.get_current_key_metadata().data.model_dump()
            self.assertEqual(current.pop("rate_limit")["requests"], -1)
            self.assertEqual(
                current,
                {
                    **NO_USAGE,
                    **account,
                    "label": "sk-or-v1-...",
                    "limit": None,
                    "limit_remaining": None,
                    "limit_reset": None,
                    "include_byok_in_limit": False,
                    "is_management_key": True,
                    "is_provisioning_key": True,
                    "creator_user_id": None,
                    "workspace_id": None,
                    "expires_at": None,
                    "budgets": [],
                    "effective_budget": None,
                },
            )
            created = sdk.api_keys.create(
                name="Customer 42",
                limit=2,
                limit_reset="weekly",
                expires_at=datetime(2027, 1, 31, 12, tzinfo=timezone.utc),
                creator_user_id="user_1",
            )
            emulator.control("POST", "budgets", {"scope": "workspace", "limit_usd": 100})
            spent = {"usd": 3.25, "byok_usd": 0.5}
            emulator.control("POST", f"keys/{created.data.hash}/spend", spent)
            used = sdk.api_keys.get(hash=created.data.hash).data
            self.assertEqual((used.usage, used.byok_usage_daily), (3.25, 0.5))
            self.assertEqual((used.limit, used.limit_remaining), (2.0, -1.25))
            self.assertEqual(used.last_used_at, datetime.fromisoformat(NOW.replace("Z", "+00:00")))

        with client(created.key) as sdk:
            current = sdk.api_keys.get_current_key_metadata().data.model_dump()
        own = {
            "scope": "key_limit",
            "limit_usd": 2.0,
            "spend_usd": 3.25,
            "remaining_usd": -1.25,
            "include_byok": False,
            "reset_interval": "weekly",
            "resets_at": datetime(2026, 11, 23, tzinfo=timezone.utc),
            "guardrail_id": None,
            "budget_id": None,
        }
        shared = {
            "scope": "workspace",
            "limit_usd": 100.0,
            "spend_usd": 3.25,
            "remaining_usd": 96.75,
            "include_byok": False,
            "reset_interval": None,
            "resets_at": None,
            "guardrail_id": None,
        }
        self.assertIsInstance(current["budgets"][0].pop("budget_id"), str)
        self.assertEqual(current.pop("rate_limit")["requests"], -1)
        self.assertEqual(
            current,
            {
                **{name: 0.5 if name.startswith("byok") else 3.25 for name in NO_USAGE},
                **account,
                "label": created.data.label,
                "limit": 2.0,
                "limit_remaining": -1.25,
                "limit_reset": "weekly",
                "include_byok_in_limit": False,
                "is_management_key": False,
                "is_provisioning_key": False,
                "creator_user_id": "user_1",
                "workspace_id": DEFAULT_WORKSPACE,
                "expires_at": datetime(2027, 1, 31, 12, tzinfo=timezone.utc),
                "budgets": [shared, own],
                "effective_budget": own,
            },
        )
        credentials = [request["credential"] for request in emulator.log()]
        self.assertEqual(credentials, ["management"] * 3 + [created.data.hash])

    def test_what_is_wrong_with_a_request(self):
        with client() as sdk:
            hash = sdk.api_keys.create(name="Customer 42").data.hash
            create, update, list = sdk.api_keys.create, sdk.api_keys.update, sdk.api_keys.list
            for field, call in [
                ("name", lambda: create(name="")),
                ("limit", lambda: create(name="a", limit=-1)),
                # No limit_reset: the SDK leaves out one that it does not know.
                # Without a zone it is in nobody's time.
                ("expires_at", lambda: create(name="a", expires_at=datetime(2027, 1, 31, 12))),
                ("workspace_id", lambda: create(name="a", workspace_id="mine")),
                ("creator_user_id", lambda: create(name="a", creator_user_id="")),
                (
                    "external.api_key",
                    lambda: create(name="a", external={"user": "b", "api_key": "short"}),
                ),
                ("limit", lambda: update(hash=hash, limit=-1)),
                ("workspace_id", lambda: update(hash=hash, workspace_id="mine")),
                ("offset", lambda: list(offset=-1)),
                ("workspace_id", lambda: list(workspace_id="mine")),
            ]:
                with self.subTest(field):
                    with self.assertRaises(errors.BadRequestResponseError) as bad:
                        call()
                    self.says(bad, 400, f"{field} must be ")
            self.assertEqual(len(list().data), 1)

    def test_whose_key_it_is(self):
        for sdk, message in [
            (client("sk-or-v1-nobodys-key"), "This API key is not known"),
            (OpenRouter(server_url=emulator.URL), "Missing Authentication header"),
        ]:
            for name, call in calls(sdk).items():
                with self.subTest(name):
                    with self.assertRaises(errors.UnauthorizedResponseError) as unknown:
                        call()
                    self.says(unknown, 401, message)
        with client() as sdk:
            ordinary = client(sdk.api_keys.create(name="Customer 42").key)
        for name, call in calls(ordinary).items():
            if name == "current":
                continue
            typed = TYPED[name].get(403)
            with self.subTest(name):
                with self.assertRaises(typed or Untyped) as forbidden:
                    call()
                if typed:
                    self.says(forbidden, 403, "Only management keys can perform this operation")
                self.assertEqual(forbidden.exception.status_code, 403)

    def test_what_fails(self):
        with client() as sdk:
            for name, call in calls(sdk).items():
                for status, typed in TYPED[name].items():
                    armed = {"fault": "status", "status": status, "route": name, "retry_after": 7}
                    emulator.control("POST", "faults", armed)
                    with self.subTest(name, status=status):
                        with self.assertRaises(typed) as failed:
                            call(retries=NO_RETRIES)
                        self.says(failed, status, "A fault that was injected")
                        self.assertEqual(failed.exception.headers["retry-after"], "7")
                emulator.control("POST", "faults", {"fault": "html", "route": name})
                with self.subTest(name, status=502):
                    with self.assertRaises(Untyped) as page:
                        call(retries=NO_RETRIES)
                    self.assertEqual(page.exception.status_code, 502)
                    self.assertTrue(page.exception.body.startswith("<!DOCTYPE html>"))
            self.assertEqual(emulator.control("GET", "faults"), {"faults": []})

    def test_too_many_requests(self):
        emulator.control("PUT", "rate_limit", {"requests": 1, "per_ms": 3_600_000})
        with client() as sdk:
            sdk.api_keys.list()
            with self.assertRaises(errors.TooManyRequestsResponseError) as many:
                sdk.api_keys.list(retries=NO_RETRIES)
        self.says(many, 429, "Rate limit exceeded")
        headers = many.exception.headers
        self.assertEqual(headers["x-ratelimit-limit"], "1")
        self.assertEqual(headers["x-ratelimit-remaining"], "0")
        self.assertIn(int(headers["retry-after"]), range(1, 3601))

    def test_what_it_tries_again(self):
        emulator.control("POST", "keys", {"count": 1})
        emulator.control("POST", "faults", {"fault": "status", "status": 503, "count": 2})
        retries = RetryConfig("backoff", BackoffStrategy(1, 1, 1, 30_000, jitter_ms=0), False)
        with client() as sdk:
            self.assertEqual(len(sdk.api_keys.list(retries=retries).data), 1)
            self.assertEqual([status for _, _, status in emulator.sent()], [503, 503, 200])
            # It tries a create again too, and so makes a second key of one that was made.
            lost = {"fault": "commit_then_status", "status": 504, "route": "create"}
            emulator.control("POST", "faults", lost)
            sdk.api_keys.create(name="twice", retries=retries)
            self.assertEqual([status for _, _, status in emulator.sent()], [504, 201])
            names = [key.name for key in sdk.api_keys.list().data]
            self.assertEqual(names, ["twice", "twice", "fleet-00001"])

    def says(self, raised, code, message):
        """The error has that status twice, and a message that begins so."""
        error = raised.exception
        self.assertEqual((error.status_code, error.data.error.code), (code, code))
        self.assertTrue(error.data.error.message.startswith(message), error.data.error.message)
        self.assertEqual(str(error), error.data.error.message)


if __name__ == "__main__":
    # A failure of the server would be tried again for an hour.
    faulthandler.dump_traceback_later(50, exit=True)
    # The SDK says of the rate limit in a key's own answer that it is deprecated.
    unittest.main(warnings="ignore")
