#!/usr/bin/env bash
# How long the commands take that read a description, and how much memory: the median of eleven runs.
# usage: bash xtask/measure.sh [OFFICIAL_DOCUMENT]
set -euo pipefail
cd "$(dirname "$0")/.."
document=${1:-../shared/upstream/openapi-2026-08-22.yaml}
target=${CARGO_TARGET_DIR:-target}
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# The median of eleven runs, in milliseconds, and the peak of the last in MiB, where GNU time is there to tell.
measure() {
    local took=() peak=""
    for _ in {1..11}; do
        local begin=${EPOCHREALTIME/[.,]/}
        "$@" >/dev/null || [ $? -eq 1 ]
        took+=($((${EPOCHREALTIME/[.,]/} - begin)))
    done
    local sorted
    mapfile -t sorted < <(printf '%s\n' "${took[@]}" | sort -n)
    if [ -x /usr/bin/time ]; then
        peak=$({ /usr/bin/time -f '%M' "$@" >/dev/null || [ $? -eq 1 ]; } 2>&1 | tail -n 1)
        peak=", $((peak / 1024)) MiB"
    fi
    printf '%5d ms%s' $((sorted[5] / 1000)) "$peak"
}

for profile in debug release; do
    flags=()
    [ $profile = debug ] || flags=(--release)
    cargo build -q -p xtask "${flags[@]}"
    xtask=$target/$profile/xtask
    echo "$profile"
    echo "  start and end           $(measure "$xtask" --help)"
    echo "  codegen --check         $(measure "$xtask" codegen --check)"
    if [ -f "$document" ]; then
        echo "  codegen --spec OFFICIAL $(measure "$xtask" codegen --spec "$document" --out "$out")"
        echo "  spec pull OFFICIAL      $(measure "$xtask" spec pull "$document" --out "$out")"
        echo "  spec diff OFFICIAL      $(measure "$xtask" spec diff "$document")"
        echo "  spec lowered OFFICIAL   $(measure "$xtask" spec lowered "$document")"
    else
        echo "  skipped: $document is not there"
    fi
done
