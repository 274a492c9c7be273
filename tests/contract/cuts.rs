//! The answer to a create, cut off at each of its bytes: nobody loses a plaintext that arrived, and nobody is told that
//! there is no key when there may be one.

use std::time::Duration;

use openrouter_keys::ExposeSecret;
use serde_json::json;

use crate::support::{
    Answer, PLAINTEXT, Scripted, VirtualClock, assert_clean, builder, everything, key,
};

/// How the connection goes on after the cut.
#[derive(Clone, Copy, Debug)]
enum End {
    Close,
    Reset,
    /// It stays open, and nothing comes until the attempt has taken too long.
    Silence,
}

/// A whole 201 with this body, in one of HTTP's ways to say where a body ends.
fn recorded(body: &str, chunked: bool) -> Vec<u8> {
    let framing = if chunked {
        "transfer-encoding: chunked".to_owned()
    } else {
        format!("content-length: {}", body.len())
    };
    let head =
        format!("HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n{framing}\r\n\r\n");
    if !chunked {
        return format!("{head}{body}").into_bytes();
    }
    // Small chunks, so that cuts fall into and between them.
    let chunks = body.as_bytes().chunks(100).map(|chunk| {
        let text = str::from_utf8(chunk).expect("the body is ASCII");
        format!("{:x}\r\n{text}\r\n", chunk.len())
    });
    format!("{head}{}0\r\n\r\n", chunks.collect::<String>()).into_bytes()
}

/// The answer's bytes up to `cut`, and then the end.
fn cut(answer: &[u8], cut: usize, end: End, clock: &VirtualClock) -> Answer {
    let part = Answer::raw(&answer[..cut]);
    match end {
        _ if cut == answer.len() => part.then_close(),
        End::Close => part.then_close(),
        End::Reset => part.then_reset(),
        // At once, while what was sent is still on its way.
        End::Silence => part
            .then_advance(clock, Duration::from_secs(20))
            .then_stall(),
    }
}

async fn every_cut(end: End, chunked: bool, body: &str) {
    let answer = recorded(body, chunked);
    // With the quotation mark behind it. In chunks, it is spread over several of them.
    let mark = body.find(PLAINTEXT).expect("the key is in it") + PLAINTEXT.len() + 1;
    let arrived = (0..=answer.len())
        .find(|count| body_of(&answer[..*count], chunked).len() >= mark)
        .expect("all of it does");

    let clock = VirtualClock::new();
    let script = (0..=answer.len()).map(|count| cut(&answer, count, end, &clock));
    let server = Scripted::start(script.collect::<Vec<_>>()).await;
    let client = builder(&server).clock(clock.clone()).build().unwrap();
    for count in 0..=answer.len() {
        let what = format!("{end:?}, chunked: {chunked}, after {count} bytes");
        let secret = match client.create("Customer 42").send().await {
            Ok(created) => Some(created.secret),
            Err(error) => {
                assert!(
                    error.maybe_applied() && !error.is_retryable(),
                    "{what}: {error}"
                );
                assert_eq!(error.attempts(), 1, "{what}");
                assert_clean(&what, &everything(&error));
                error.into_salvaged().map(|salvaged| salvaged.secret)
            }
        };
        let secret = secret.as_ref().map(ExposeSecret::expose_secret);
        assert_eq!(secret, (count >= arrived).then_some(PLAINTEXT), "{what}");
    }
    assert_eq!(
        server.requests().len(),
        answer.len() + 1,
        "one for each create"
    );
}

/// What a client can know of the body by then.
fn body_of(part: &[u8], chunked: bool) -> Vec<u8> {
    let text = str::from_utf8(part).expect("the answer is ASCII");
    let Some((_, body)) = text.split_once("\r\n\r\n") else {
        return Vec::new();
    };
    if !chunked {
        return body.as_bytes().to_vec();
    }
    let mut rest = body;
    let mut whole = Vec::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk has a size");
        let chunk = &after.as_bytes()[..size.min(after.len())];
        whole.extend_from_slice(chunk);
        let Some(next) = after.get(size + 2..) else {
            break;
        };
        rest = next;
    }
    whole
}

fn key_last() -> String {
    json!({"data": key(), "key": PLAINTEXT}).to_string()
}

fn key_first() -> String {
    format!(r#"{{"key":"{PLAINTEXT}","data":{}}}"#, key())
}

#[tokio::test]
async fn cut_off_by_a_closed_connection() {
    for chunked in [false, true] {
        every_cut(End::Close, chunked, &key_last()).await;
        every_cut(End::Close, chunked, &key_first()).await;
    }
}

#[tokio::test]
async fn cut_off_by_a_reset() {
    for chunked in [false, true] {
        every_cut(End::Reset, chunked, &key_last()).await;
        every_cut(End::Reset, chunked, &key_first()).await;
    }
}

#[tokio::test]
async fn cut_off_by_silence() {
    for chunked in [false, true] {
        every_cut(End::Silence, chunked, &key_last()).await;
        every_cut(End::Silence, chunked, &key_first()).await;
    }
}
