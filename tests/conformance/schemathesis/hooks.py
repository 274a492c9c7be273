"""What Schemathesis cannot know of the API.

A request to change a key says nothing about the change if there is no such key, and a key that a partner chose can be
given once. Both are seen to here, just before a request is sent.
"""

import os
import uuid
import zlib

import requests
import schemathesis

SHORTEST_PARTNER_KEY = 32


@schemathesis.hook
def filter_query(context, query):
    """An offset may be null, and a query that writes null as nothing is taken for a wrong one by Schemathesis."""
    return (query or {}).get("offset") != ""


@schemathesis.hook
def before_call(context, case, kwargs):
    """Gives the request a key that exists, and a partner's key that nobody else has."""
    if (case.path_parameters or {}).get("hash") is not None and needs_a_key(case):
        case.path_parameters["hash"] = new_key(case.operation.base_url)

    external = case.body.get("external") if isinstance(case.body, dict) else None
    partner_key = external.get("api_key") if isinstance(external, dict) else None
    # One that is too short stays so, since it has to be refused.
    if isinstance(partner_key, str) and len(partner_key) >= SHORTEST_PARTNER_KEY:
        case.body = {**case.body, "external": {**external, "api_key": f"{partner_key} {uuid.uuid4()}"}}


def needs_a_key(case):
    """Whether the hash stands for any key, where it is not one that an earlier answer led to."""
    written = case.path_parameters["hash"]
    match case.meta.phase.name.value:
        case "stateful":
            return False
        case "fuzzing":
            # Every fourth hash stays as it was made up. The choice depends on nothing but the hash, so that the same
            # request meets the same answer.
            return zlib.crc32(str(written).encode(errors="surrogatepass")) % 4 != 0
        case _:
            parameters = case.operation.schema.raw_schema["components"]["parameters"]
            return written == parameters["Hash"]["example"]


def new_key(base_url):
    """The hash of a key that was just made."""
    answer = requests.post(
        f"{base_url}/keys",
        headers={"Authorization": f"Bearer {os.environ['CONFORMANCE_KEY']}"},
        json={"name": "A key for one request"},
        timeout=10,
    )
    answer.raise_for_status()
    return answer.json()["data"]["hash"]
