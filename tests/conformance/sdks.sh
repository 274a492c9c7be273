#!/usr/bin/env bash
# The official SDKs for Python and TypeScript do all that they can do with keys, against the emulator. They check each
# answer against their own types. It needs python3 with venv, node and npm, and package indexes for the first run.
set -euo pipefail
. "$(dirname "$0")/common.sh"

python_environment "$work/sdks/venv" "$here/sdks/requirements.txt"
node_environment "$work/sdks/node" "$here/sdks"
# A module finds packages from where it lies.
cp "$here"/sdks/*.mjs "$work/sdks/node/"

# The SDKs take settings from the environment, too.
unset "${!OPENROUTER_@}"
start_emulator
result=0
timeout 60 "$work/sdks/venv/bin/python" "$here/sdks/python_sdk.py" || result=1
timeout 60 node --test-reporter spec "$work/sdks/node/typescript_sdk.mjs" || result=1
stop_emulator || result=1
exit "$result"
