//! What holds whatever the bytes are.

use std::cell::Cell;
use std::time::Duration;

use openrouter_keys::{ErrorKind, KeyHash, RetryPolicy};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio::runtime::Runtime;

use crate::support::{
    Answer, PLAINTEXT, Scripted, TOKEN, assert_clean, builder, client, everything, one_key,
};

/// As many cases, always the same ones.
fn runner(name: &str, cases: u32) -> TestRunner {
    // Changed by hand to look further; what fails is printed in its smallest form.
    const SEED: [u8; 32] = *b"openrouter-keys: one fixed seed.";
    println!("{name}: {cases} cases from {SEED:?}");
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &SEED))
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Text, and what looks like what is meant.
fn hashes() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9a-f]{64}",
        "[ -~]{0,40}",
        "[./\\\\%?#a-c]{0,6}",
        "(sk-or-|SK-OR-|sk-|\\.\\./)[a-z0-9./-]{0,20}",
        "[!-~]{100,600}",
    ]
}

/// Either it is refused before anything is sent, or the request names exactly this key.
#[test]
fn a_hash_is_refused_or_names_a_key() {
    let runtime = runtime();
    let server = runtime.block_on(Scripted::start([]));
    let client = client(&server);
    let accepted = Cell::new(0);
    runner("hashes", 2000)
        .run(&hashes(), |hash| {
            let before = server.requests().len();
            let parsed = hash.parse::<KeyHash>();
            if parsed.is_ok() {
                server.then(one_key());
                accepted.set(accepted.get() + 1);
            }
            let result = runtime.block_on(client.get(&hash).send());
            let requests = &server.requests()[before..];
            match (parsed, result) {
                (Ok(parsed), Ok(_)) => {
                    prop_assert_eq!(parsed.as_str(), &hash);
                    prop_assert_eq!(requests.len(), 1);
                    prop_assert_eq!(&requests[0].target, &format!("/api/v1/keys/{hash}"));
                }
                (Err(parsed), Err(error)) => {
                    prop_assert_eq!(requests.len(), 0);
                    for error in [parsed, error] {
                        prop_assert_eq!(error.kind(), ErrorKind::InvalidInput);
                        // Short texts occur in any message.
                        prop_assert!(hash.len() < 8 || !everything(&error).contains(&hash));
                    }
                }
                (_, result) => prop_assert!(false, "one refuses it: {:?}", result.err()),
            }
            Ok(())
        })
        .unwrap();
    assert!(accepted.get() > 200, "{accepted:?} of them were hashes");
}

/// Bytes that can stand in a header, and what looks like a wait.
fn waits() -> impl Strategy<Value = Vec<u8>> {
    let date = (
        0_u32..40,
        0_u32..30,
        "[A-Z][a-z]{2}",
        any::<i32>(),
        0_u32..70,
    )
        .prop_map(|(day, hour, month, year, minute)| {
            format!("Sun, {day:02} {month} {year} {hour:02}:{minute:02}:00 GMT")
        });
    prop_oneof![
        vec(
            prop_oneof![Just(b'\t'), 0x20_u8..0x7f, 0x80_u8..=0xff],
            0..60
        ),
        "[0-9]{0,30}".prop_map(String::into_bytes),
        "[-+ 0-9.eE]{0,12}".prop_map(String::into_bytes),
        date.prop_map(String::into_bytes),
    ]
}

/// A number of seconds is that many; and nothing makes a client wait longer than a minute, or panic.
#[test]
fn a_wait_of_any_bytes() {
    let runtime = runtime();
    let server = runtime.block_on(Scripted::start([]));
    let client = builder(&server).retry(RetryPolicy::none()).build().unwrap();
    runner("waits", 2000)
        .run(&(waits(), waits()), |(wait, date)| {
            let mut head = b"HTTP/1.1 429 X\r\ncontent-length: 0\r\nretry-after: ".to_vec();
            head.extend_from_slice(&wait);
            head.extend_from_slice(b"\r\ndate: ");
            head.extend_from_slice(&date);
            head.extend_from_slice(b"\r\n\r\n");
            server.then(Answer::raw(head));
            // A sibling each time: the client itself would wait before the next call.
            let sibling = client.with_key(TOKEN);
            let error = runtime.block_on(sibling.current().send()).unwrap_err();
            prop_assert_eq!(error.kind(), ErrorKind::RateLimited);
            let text = wait.trim_ascii();
            if !text.is_empty() && text.iter().all(u8::is_ascii_digit) {
                let text = str::from_utf8(text).expect("digits are ASCII");
                let seconds = text.parse().unwrap_or(u64::MAX);
                prop_assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)));
            } else if !text.iter().any(u8::is_ascii_alphabetic) {
                prop_assert_eq!(error.retry_after(), None);
            }
            assert_clean("the error", &everything(&error));
            Ok(())
        })
        .unwrap();
}

/// Bytes, JSON that is nearly the API's, and secrets in any of it.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        any::<String>(),
        Just(TOKEN.to_owned()),
        Just(PLAINTEXT.to_owned()),
        any::<String>().prop_map(|text| format!("{text}{TOKEN}{text}")),
    ];
    let value = prop_oneof![
        any::<i64>().prop_map(|number| serde_json::json!(number)),
        any::<f64>().prop_map(|number| serde_json::json!(number)),
        text.prop_map(|text| serde_json::json!(text)),
        Just(serde_json::Value::Null),
    ];
    let value = value.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| serde_json::json!(items)),
            vec(("[a-z]{0,8}|error|code|message|metadata", inner), 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    });
    let error = (value.clone(), value.clone(), value.clone()).prop_map(|(code, message, metadata)| {
        serde_json::json!({"error": {"code": code, "message": message, "metadata": metadata}})
    });
    let json = prop_oneof![value, error].prop_map(|value| value.to_string().into_bytes());
    let cut = (json.clone(), any::<prop::sample::Index>()).prop_map(|(mut json, cut)| {
        json.truncate(cut.index(json.len() + 1));
        json
    });
    prop_oneof![vec(any::<u8>(), 0..2000), json, cut]
}

/// The status is kept, nothing is printed that is secret, and the line is a line.
#[test]
fn an_error_body_of_any_bytes() {
    let runtime = runtime();
    let server = runtime.block_on(Scripted::start([]));
    let client = builder(&server).retry(RetryPolicy::none()).build().unwrap();
    runner("bodies", 2000)
        .run(&(400_u16..600, bodies()), |(status, body)| {
            let mut answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n",
                body.len()
            )
            .into_bytes();
            answer.extend_from_slice(&body);
            server.then(Answer::raw(answer));
            let error = runtime.block_on(client.current().send()).unwrap_err();
            prop_assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
            prop_assert!(error.body_text().is_none_or(|text| text.len() <= 512));
            prop_assert!(error.body_text().is_none() || error.message().is_none());
            prop_assert!(!error.to_string().contains(char::is_control));
            assert_clean("the error", &everything(&error));
            Ok(())
        })
        .unwrap();
}
