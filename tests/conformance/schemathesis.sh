#!/usr/bin/env bash
# Schemathesis makes requests out of openapi/openapi.yaml, right ones and wrong ones, and holds the emulator's answers
# against it: `schemathesis.sh [SEED]`. It needs python3 with venv, and a package index for the first run.
set -euo pipefail
. "$(dirname "$0")/common.sh"

seed=${1:-6}
run=$work/schemathesis
python_environment "$run/venv" "$here/schemathesis/requirements.txt"
rm -f "$run"/*.ndjson

start_emulator
spec=$PWD/openapi/openapi.yaml
export SCHEMATHESIS_HOOKS=$here/schemathesis/hooks.py
# It leaves files where it runs.
cd "$run"
# The stateful phase is a run of its own: after the others it would make its requests of their answers too, which
# Hypothesis notices, and then it ends early without a word.
result=0
for phases in examples,coverage,fuzzing stateful; do
    timeout 600 venv/bin/schemathesis --config-file "$here/schemathesis/schemathesis.toml" run "$spec" \
        --url "$CONFORMANCE_URL" --phases "$phases" --seed "$seed" --report-ndjson-path "$phases.ndjson" || result=1
done
stop_emulator || result=1

# Of a run that failed, too, it is good to know what it did.
venv/bin/python "$here/schemathesis/summary.py" ./*.ndjson || result=1
[ "$result" = 0 ] || echo "schemathesis.sh: failed, with seed $seed" >&2
exit "$result"
