# What the scripts of this folder share. They source it; it leaves them at the root of the repository.

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=$PWD/tests/conformance
work=$(realpath -m "${CARGO_TARGET_DIR:-target}")/conformance
export CONFORMANCE_KEY=sk-or-v1-conformance-not-a-real-key

# Whatever proxy there is, loopback is reached without.
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
export PYTHONDONTWRITEBYTECODE=1

# python_environment FOLDER REQUIREMENTS: a virtual environment with what that file lists.
# Made anew when something else is wanted; the copy tells what it was made of, and is written last.
python_environment() {
    cmp -s "$2" "$1/requirements.txt" && return
    rm -rf "$1"
    python3 -m venv "$1"
    "$1/bin/pip" install -q --disable-pip-version-check --only-binary :all: -r "$2"
    cp "$2" "$1/requirements.txt"
}

# node_environment FOLDER SOURCE: the packages that SOURCE/package-lock.json lists, in FOLDER/node_modules.
# None of their own scripts is run.
node_environment() {
    cmp -s "$2/package-lock.json" "$1/node_modules/installed.json" && return
    rm -rf "$1/node_modules"
    mkdir -p "$1"
    cp "$2/package.json" "$2/package-lock.json" "$1/"
    npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel error >/dev/null
    cp "$2/package-lock.json" "$1/node_modules/installed.json"
}

# start_emulator [OPTION...]: this repository's, or the program that CONFORMANCE_EMULATOR names, with those options.
# CONFORMANCE_URL is where it listens. It ends with the script, if not before.
start_emulator() {
    local program=(cargo run -q --locked -p openrouter-keys-emulator --features ui --)
    [ -z "${CONFORMANCE_EMULATOR:-}" ] || program=("$CONFORMANCE_EMULATOR")
    coproc EMULATOR { exec "${program[@]}" --management-key "$CONFORMANCE_KEY" "$@"; }
    emulator=$EMULATOR_PID
    trap 'kill "$emulator" 2>/dev/null || true' EXIT
    read -r -t 300 -u "${EMULATOR[0]}" _ _ CONFORMANCE_URL
    export CONFORMANCE_URL
}

# stop_emulator: fails unless it was still alive, ended when it was told to, and ended without an error.
stop_emulator() {
    kill "$emulator" && wait "$emulator"
}
