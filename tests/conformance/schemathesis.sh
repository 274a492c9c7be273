#!/usr/bin/env bash
# Schemathesis makes requests out of openapi/openapi.yaml, right ones and wrong ones, and holds the emulator's answers
# against it: `schemathesis.sh [SEED]`. It needs Python 3 with venv, and a package index for the first run.
set -euo pipefail
cd "$(dirname "$0")/../.."

seed=${1:-6}
here=$PWD/tests/conformance
spec=$PWD/openapi/openapi.yaml
work=$(realpath -m "${CARGO_TARGET_DIR:-target}")/conformance
venv=$work/venv
export CONFORMANCE_KEY=sk-or-v1-conformance-not-a-real-key

# Made anew when something else is wanted. The copy tells what was installed, and comes last.
if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/"
fi

coproc EMULATOR { exec cargo run -q --locked -p openrouter-keys-emulator --features ui -- --management-key "$CONFORMANCE_KEY"; }
# Bash forgets the coprocess's own variables when it ends.
emulator=$EMULATOR_PID
trap 'kill "$emulator" 2>/dev/null || true' EXIT
read -r -t 300 -u "${EMULATOR[0]}" _ _ base_url

# Schemathesis leaves files where it runs. Whatever proxy there is, loopback is reached without.
run=$work/schemathesis
rm -rf "$run"
mkdir -p "$run"
cd "$run"
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 PYTHONDONTWRITEBYTECODE=1
export SCHEMATHESIS_HOOKS=$here/schemathesis_hooks.py

# The stateful phase is a run of its own: after the others it would make its requests of their answers too, which
# Hypothesis notices, and then it ends early without a word.
result=0
for phases in examples,coverage,fuzzing stateful; do
    timeout 120 "$venv/bin/schemathesis" --config-file "$here/schemathesis.toml" run "$spec" --url "$base_url" \
        --phases "$phases" --seed "$seed" --report-ndjson-path "$run/$phases.ndjson" || result=1
done

# Of a run that failed, too, it is good to know what it did.
"$venv/bin/python" "$here/schemathesis_summary.py" "$run"/*.ndjson || result=1

# An emulator that is still there ends when it is told to, and without an error.
kill "$emulator"
trap - EXIT
wait "$emulator" || result=1
[ "$result" = 0 ] || echo "Schemathesis: failed; seed $seed" >&2
exit "$result"
