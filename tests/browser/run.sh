#!/usr/bin/env bash
# The emulator's pages in a headless Chromium. Installs what it needs on Debian.
set -euo pipefail
cd "$(dirname "$0")/../.."

# The shell is the same browser without what it would do by itself: looking for updates, asking who is signed in.
is_there() { command -v "$1" >/dev/null; }
if ! is_there chromium-headless-shell || ! is_there chromedriver || ! is_there python3; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root=sudo
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        chromium-driver chromium-headless-shell fonts-dejavu-core python3
fi

cargo build -q --locked -p openrouter-keys-emulator --features ui
target=${CARGO_TARGET_DIR:-target}
PYTHONDONTWRITEBYTECODE=1 python3 tests/browser/explorer.py \
    "$target/debug/openrouter-keys-emulator" "$(command -v chromium-headless-shell)" "$target/browser"
