//! Where a secret could show. `crate::secrets` has the tests that look everywhere; these are the rows for it.

use std::marker::PhantomData;

use openrouter_keys::{
    Created, CurrentKey, Error, Key, KeyHash, Page, Response, Salvaged, SecretString,
};
use serde::Serialize;
use serde_json::json;

use super::expect::{assert_safe, run};
use super::{Case, case};
use crate::support::{
    Answer, HASH, PLAINTEXT, TOKEN, Verb, VirtualClock, assert_clean, everything, key,
};
use crate::{errors, types};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "69",
            "Debug of every public type",
            types::no_public_type_shows_a_secret(),
        ),
        case(
            "70",
            "Display and sources of every error",
            errors::no_error_shows_a_secret(),
        ),
        case("72", "errors of serde", serde_errors()),
        case("73", "URLs in errors of the HTTP client", urls()),
        case("74", "Serialize", async { serializes() }),
    ]
}

/// What serde says of a value repeats the value.
async fn serde_errors() {
    for field in ["name", "limit", "created_at", "disabled", "hash", "usage"] {
        for value in [json!(PLAINTEXT), json!([PLAINTEXT]), json!({PLAINTEXT: 1})] {
            let mut data = key();
            data[field] = value;
            for verb in [Verb::Create, Verb::Get, Verb::Update] {
                let body = json!({"data": data, "key": [PLAINTEXT]});
                let script = vec![Answer::json(200, &body)];
                let outcome = run(verb, script, &VirtualClock::new()).await;
                if let Err(error) = outcome.result {
                    assert_safe(&error);
                }
            }
        }
    }
    let refused = serde_json::from_value::<KeyHash>(json!(PLAINTEXT)).unwrap_err();
    assert_clean("KeyHash", &format!("{refused} {refused:?}"));
}

async fn urls() {
    let troubles = [
        Answer::nothing(),
        Answer::raw("HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\n").then_close(),
        Answer::raw("nonsense\r\n\r\n").then_close(),
        Answer::with_headers(302, &format!("location: /?{TOKEN}\r\n"), ""),
    ];
    for trouble in troubles {
        for verb in Verb::ALL {
            let script = vec![trouble.clone(); 3];
            let error = run(verb, script, &VirtualClock::new()).await.error();
            let printed = everything(&error);
            assert!(
                !printed.contains("/api/v1") && !printed.contains(HASH),
                "{printed}"
            );
        }
    }
}

/// Whether a type serializes: the inherent method is there only if it does, and is preferred.
struct Probe<T>(PhantomData<T>);

trait Fallback {
    fn serializes(&self) -> bool {
        false
    }
}

impl<T> Fallback for &Probe<T> {}

impl<T: Serialize> Probe<T> {
    #[allow(clippy::unused_self, reason = "the trait's method has one")]
    fn serializes(&self) -> bool {
        true
    }
}

macro_rules! serializes {
    ($type:ty) => {
        (&Probe::<$type>(PhantomData)).serializes()
    };
}

fn serializes() {
    assert!(serializes!(Key) && serializes!(CurrentKey) && serializes!(KeyHash));
    assert!(!serializes!(Created), "it holds a plaintext");
    assert!(!serializes!(Salvaged), "it holds a plaintext");
    assert!(!serializes!(SecretString));
    assert!(!serializes!(Error));
    assert!(!serializes!(Response<Created>));
    assert!(!serializes!(Page), "keys of it serialize one by one");
}
