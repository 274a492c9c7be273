//! The body of the answer: how much of it arrives, and whether it is the one that was announced.

use openrouter_keys::ErrorKind::{BodyTooLarge, Connect, Decode};
use openrouter_keys::KeyHash;
use serde_json::json;

use super::expect::{
    ambiguous, builder, created_all_the_same, run, salvaged, typed_and_create_ambiguous, typed_for,
};
use super::{Case, case};
use crate::support::{Answer, HASH, PLAINTEXT, Scripted, Verb, VirtualClock, key};

const HTML: &str = "<html><body>Please log in to the network</body></html>";

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("19", "a 201 cut off", cut_off()),
        case("20", "reset after the bytes of the key", async {
            salvaged(
                Connect,
                None,
                announced(&with_key_first()[..30 + PLAINTEXT.len()]).then_reset(),
            )
            .await;
        }),
        case("21", "an endless chunked body", endless()),
        case("22", "an empty 201", async {
            let empty = Answer::text(201, "application/json", "");
            typed_for(&[Verb::Create], Decode, true, empty).await;
            let nothing = Answer::with_headers(204, "", "");
            typed_for(&[Verb::Create], Decode, true, nothing).await;
        }),
        case(
            "23",
            "HTML with 200",
            typed_and_create_ambiguous(Decode, Answer::text(200, "text/html", HTML)),
        ),
        case("24", "trailing junk after the JSON", trailing_junk()),
        case(
            "25",
            "a length that is not that of the body",
            wrong_length(),
        ),
    ]
}

fn whole() -> String {
    json!({"data": key(), "key": PLAINTEXT}).to_string()
}

fn with_key_first() -> String {
    format!(r#"{{"key":"{PLAINTEXT}","data":{}}}"#, key())
}

/// A 201 that announces more than this, which is all that comes.
fn announced(body: &str) -> Answer {
    Answer::raw(format!(
        "HTTP/1.1 201 X\r\ncontent-type: application/json\r\ncontent-length: 99999\r\n\r\n{body}"
    ))
}

async fn cut_off() {
    let whole = whole();
    // Before the key: nothing to salvage, and other calls are repeated.
    ambiguous(Connect, |_| announced("").then_close()).await;
    ambiguous(Connect, |_| announced(r#"{"data":{"ha"#).then_close()).await;
    // The plaintext is lost and the hash is known: whoever is on call can delete the key.
    let before = whole.find("\"key\"").unwrap();
    let script = vec![announced(&whole[..before]).then_close()];
    let error = run(Verb::Create, script, &VirtualClock::new())
        .await
        .error();
    assert_eq!(error.hash().map(KeyHash::as_str), Some(HASH), "{error}");
    assert!(error.to_string().contains(HASH), "{error}");
    // After the key, and before the end.
    created_all_the_same(announced(&whole[..whole.len() - 1]).then_close()).await;
    let first = with_key_first();
    salvaged(
        Connect,
        Some(HASH),
        announced(&first[..first.len() - 20]).then_close(),
    )
    .await;
}

/// Answers in chunks, and does not end.
fn chunked(body: &str) -> Answer {
    let spaces = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let head = "HTTP/1.1 201 X\r\ntransfer-encoding: chunked\r\n\r\n";
    let first = format!("{head}{:x}\r\n{body}\r\n", body.len());
    Answer::raw(first).then_flood(spaces)
}

async fn endless() {
    ambiguous(BodyTooLarge, |_| chunked("{")).await;
    let first = format!(r#"{{"key":"{PLAINTEXT}","data":"#);
    salvaged(BodyTooLarge, None, chunked(&first)).await;
    created_all_the_same(chunked(&whole())).await;
    // Names without end, none of which has a plaintext: to search it takes no longer than to read it.
    let names = "x".to_owned() + &r#"["key":"#.repeat((1 << 20) / 7);
    for status in [201, 400, 500] {
        let server = Scripted::start([Answer::text(status, "text/html", &names)]).await;
        let client = builder(&server, &VirtualClock::new()).build().unwrap();
        let error = client.create("a").send().await.unwrap_err();
        assert_eq!(error.maybe_applied(), status != 400, "{error}");
    }
}

async fn trailing_junk() {
    for junk in ["<!-- x -->", "}", "null", "\0", &whole()] {
        let body = format!("{}{junk}", whole());
        created_all_the_same(Answer::text(201, "application/json", &body)).await;
        for verb in [Verb::Get, Verb::Update] {
            let body = format!("{}{junk}", json!({"data": key()}));
            let answer = Answer::text(200, "application/json", &body);
            typed_for(&[verb], Decode, verb.changes(), answer).await;
        }
    }
}

async fn wrong_length() {
    for verb in Verb::ALL {
        // The connection is of no use afterwards, and the answer is.
        let clock = VirtualClock::new();
        let script = vec![verb.good_answer().then_send("and more"), verb.good_answer()];
        run(verb, script, &clock).await.assert_ok(1);
    }
    ambiguous(Connect, |_| announced("{}").then_close()).await;
    // Although what arrived makes sense.
    for verb in Verb::ALL.into_iter().filter(|verb| *verb != Verb::Create) {
        let short = verb.good_answer().with_length(99_999).then_close();
        let script = vec![short, verb.good_answer()];
        run(verb, script, &VirtualClock::new()).await.assert_ok(2);
    }
    created_all_the_same(announced(&whole()).then_close()).await;
}
