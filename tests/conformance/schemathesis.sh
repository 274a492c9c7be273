#!/usr/bin/env bash
# Schemathesis makes requests out of openapi/openapi.yaml, right ones and wrong ones, and holds the emulator's answers
# against it: `schemathesis.sh [SEED]`. It needs Python 3 with venv, and a package index for the first run.
set -euo pipefail
. "$(dirname "$0")/common.sh"

seed=${1:-6}
spec=$PWD/openapi/openapi.yaml
venv=$work/venv
python_environment "$venv" "$here/requirements.txt"
start_emulator

# Schemathesis leaves files where it runs.
run=$work/schemathesis
rm -rf "$run"
mkdir -p "$run"
cd "$run"
export SCHEMATHESIS_HOOKS=$here/schemathesis_hooks.py

# The stateful phase is a run of its own: after the others it would make its requests of their answers too, which
# Hypothesis notices, and then it ends early without a word.
result=0
for phases in examples,coverage,fuzzing stateful; do
    timeout 600 "$venv/bin/schemathesis" --config-file "$here/schemathesis.toml" run "$spec" --url "$CONFORMANCE_URL" \
        --phases "$phases" --seed "$seed" --report-ndjson-path "$run/$phases.ndjson" || result=1
done

# Of a run that failed, too, it is good to know what it did.
"$venv/bin/python" "$here/schemathesis_summary.py" "$run"/*.ndjson || result=1

stop_emulator || result=1
[ "$result" = 0 ] || echo "Schemathesis: failed; seed $seed" >&2
exit "$result"
