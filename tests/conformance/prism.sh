#!/usr/bin/env bash
# Prism stands between our client and the emulator, holds every request and every answer against openapi/openapi.yaml, and
# answers with an error in place of what it finds wrong: `prism.sh [DESCRIPTION]`. It needs node and npm, and a package
# index for the first run.
set -euo pipefail
. "$(dirname "$0")/common.sh"

description=$(realpath "${1:-openapi/openapi.yaml}")
run=$work/prism
log=$run/prism.log
node_environment "$run" "$here/prism"

# The tests of the contract suite whose calls go from the client to the emulator, and are answered as the API documents.
# They take their emulator from tests/support/emulator.rs. What is left out:
# - Tests whose server does what the API does not, or whose caller sends what it does not take: most of the suite.
# - bulk::faults and dropping: faults, and calls that are dropped, end connections and not only calls.
# - fleets::ten_thousand_keys_while_others_come_and_go, bulk::sources::what_is_listed_is_removed: thousands of requests, of
#   kinds that the others send.
# - lifecycle: the example has an emulator of its own. It comes at the end here, in its live mode.
tests=(
    blocking::in_a_runtime_of_one_thread
    blocking::in_a_runtime_of_several_threads
    blocking::outside_of_any_runtime
    bulk::sources::a_stream_that_waits_is_waited_for
    fleets::a_key_that_says_where_it_is_is_believed
    listing::an_offset_is_where_it_begins
    listing::every_key_comes_although_it_is_deleted_at_once
    listing::it_is_a_stream_that_may_be_sent_to_a_task
    service::a_key_is_what_it_was_made_to_be
    service::a_partner_brings_a_key
    service::an_ordinary_key_sees_itself_and_nothing_else
    service::an_update_changes_what_it_mentions_and_nothing_else
    service::calls_are_send_and_static
    service::lists_leave_out_what_is_not_asked_for
    service::pages_run_from_the_newest_to_the_oldest
    service::the_head_of_an_answer_is_there_for_those_who_ask
    service::what_is_gone_is_not_found
)

# Before anything listens, since that takes its time.
cargo test -q --locked -p contract-tests --test contract --no-run
cargo build -q --locked -p openrouter-keys --example lifecycle

# Two ports that nobody has at the moment.
read -r proxy_port upstream_port < <(node -e '
    const { createServer } = require("node:net");
    const servers = [createServer(), createServer()];
    Promise.all(servers.map((server) => new Promise((done) => server.listen(0, "127.0.0.1", done)))).then(() => {
        console.log(servers.map((server) => server.address().port).join(" "));
        servers.forEach((server) => server.close());
    });')
export CONFORMANCE_PROXY=http://127.0.0.1:$proxy_port CONFORMANCE_UPSTREAM_PORT=$upstream_port

# The description says where the service is; Prism goes where it is told to, and so the path of the base URL is here.
NO_COLOR=1 FORCE_COLOR=0 "$run/node_modules/.bin/prism" proxy --errors --cors false --host 127.0.0.1 \
    --port "$proxy_port" "$description" "http://127.0.0.1:$upstream_port/api/v1" >"$log" 2>&1 &
prism=$!
trap 'kill "$prism" 2>/dev/null || true' EXIT
for _ in {1..600}; do
    ! grep -q 'Prism is listening' "$log" || break
    kill -0 "$prism" || { cat "$log"; exit 1; }
    sleep 0.1
done

result=0
timeout 300 cargo test -q --locked -p contract-tests --test contract -- --test-threads 1 --exact "${tests[@]}" |
    tee "$run/tests.log" || result=1
# One that was renamed would otherwise be missing without a word.
grep -q "^test result: ok. ${#tests[@]} passed" "$run/tests.log" || { echo "not each of ${#tests[@]} tests passed"; result=1; }

# In a shell of its own, whose trap is its own.
(
    export OPENROUTER_BASE_URL=$CONFORMANCE_PROXY OPENROUTER_MANAGEMENT_KEY=$CONFORMANCE_KEY
    start_emulator --port "$upstream_port" &&
        timeout 60 cargo run -q --locked -p openrouter-keys --example lifecycle -- --live &&
        stop_emulator
) || result=1

kill "$prism" || result=1
node "$here/prism/summary.mjs" "$log" || result=1
exit "$result"
