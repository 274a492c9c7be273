//! Random requests, and what only looks like requests: all of them are answered, and none of them
//! does anything but what its answer says.

mod body;
mod control;
mod exchange;
mod garbage;
mod known;
mod panics;
mod request;

use std::cell::Cell;

use openrouter_keys_emulator::Emulator;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::runtime;

use crate::http::{create, manage, send};
use crate::seeded::{is_asked_for, runner};
use exchange::{Exchange, Peer};
use panics::Panics;
use request::MANAGEMENT_KEY;

/// So many have more than ten thousand requests that are answered.
const CASES: u32 = 660;

const CONTROL_CASES: u32 = 100;

#[test]
fn whatever_is_sent_is_answered() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (requests, answers) = (Cell::new(0), Cell::new(0));
    runner("bad input", CASES)
        .run(&vec(exchanges(), 1..30), |exchanges| {
            let _watched = Panics::watch();
            runtime.block_on(async {
                let emulator = Emulator::builder().management_key(MANAGEMENT_KEY);
                let emulator = emulator.start().await.expect("an emulator");
                let mut peer = Peer::new(&emulator);
                for exchange in &exchanges {
                    peer.exchange(exchange).await;
                }
                requests.set(requests.get() + peer.requests);
                answers.set(answers.get() + peer.answers);
                peer.check_all().await;

                let created = create(&emulator, r#"{"name":"after all"}"#).await;
                let read = manage(&emulator, "GET", &created.path(), "").await;
                assert_eq!(read.expect(200).body["data"], created.body["data"]);
                let list = manage(&emulator, "GET", "/keys", "").await.expect(200);
                assert_eq!(list.names()[0], "after all");
            });
            prop_assert_eq!(panics::seen(), [""; 0]);
            Ok(())
        })
        .expect("an answer to everything");
    let (requests, answers) = (requests.get(), answers.get());
    println!("{requests} requests, {answers} answers");
    // Unless somebody asks for fewer cases.
    assert!(answers >= 10_000 || is_asked_for(), "{answers}");
}

#[test]
fn whatever_is_sent_to_the_control_paths_is_answered() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let start = async || {
        let emulator = Emulator::builder().management_key(MANAGEMENT_KEY).keys(3);
        emulator.start().await.expect("an emulator")
    };
    let state = runtime.block_on(async {
        let emulator = start().await;
        let to = emulator.local_addr();
        create(&emulator, r#"{"name":"k","external":{"user":"u"}}"#).await;
        send(to, "GET", "/_emulator/state", "", "")
            .await
            .expect(200)
            .text
    });
    runner("bad input to the control paths", CONTROL_CASES)
        .run(&vec(control::requests(state), 1..30), |requests| {
            let _watched = Panics::watch();
            runtime.block_on(async {
                let emulator = start().await;
                let mut peer = Peer::careless(&emulator, control::hashes());
                for request in requests {
                    peer.exchange(&Exchange::Requests(vec![request])).await;
                }

                // The clock is anywhere, and a state can still be taken.
                let to = emulator.local_addr();
                for path in ["faults", "rate_limit"] {
                    let target = format!("/_emulator/{path}");
                    send(to, "DELETE", &target, "", "").await.expect(200);
                }
                let state = send(to, "GET", "/_emulator/state", "", "")
                    .await
                    .expect(200);
                send(to, "PUT", "/_emulator/state", "", &state.text)
                    .await
                    .expect(200);
                let again = send(to, "GET", "/_emulator/state", "", "")
                    .await
                    .expect(200);
                assert_eq!(again.body["keys"], state.body["keys"]);
                let created = create(&emulator, r#"{"name":"after all"}"#).await;
                manage(&emulator, "GET", &created.path(), "")
                    .await
                    .expect(200);
                let list = manage(&emulator, "GET", "/keys", "").await.expect(200);
                assert_eq!(list.names()[0], "after all");
            });
            prop_assert_eq!(panics::seen(), [""; 0]);
            Ok(())
        })
        .expect("an answer to everything");
}

fn exchanges() -> impl Strategy<Value = Exchange> {
    prop_oneof![
        5 => vec(request::to_the_api(), 1..3).prop_map(Exchange::Requests),
        3 => garbage::garbage().prop_map(Exchange::Garbage),
    ]
}
