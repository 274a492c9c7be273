//! The status of the answer.

use std::time::Duration;

use openrouter_keys::ErrorKind::{
    BadRequest, Conflict, Forbidden, NotFound, Other, Redirect, Server, Timeout, Unauthorized,
};
use openrouter_keys_emulator::{Emulator, Fault, Route};
use serde_json::json;

use super::expect::{ambiguous, created_all_the_same, run, typed, typed_and_create_ambiguous};
use super::{Case, case};
use crate::support::{
    Answer, PLAINTEXT, Scripted, TOKEN, Verb, VirtualClock, client_of, deleted, error, key,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("26", "200 instead of 201", async {
            let body = json!({"data": key(), "key": PLAINTEXT});
            created_all_the_same(Answer::json(200, &body)).await;
        }),
        case("27", "a redirect", redirects()),
        case("28", "400", typed(BadRequest, echo(400))),
        case("29", "401", typed(Unauthorized, echo(401))),
        case("30", "402, 403", async {
            typed(Other, echo(402)).await;
            typed(Forbidden, echo(403)).await;
        }),
        case("31", "404", typed(NotFound, echo(404))),
        case("32", "gone when the delete is repeated", repeated_delete()),
        case("33", "gone before the delete", async {
            let script = vec![error(404, "Resource not found"), deleted()];
            let outcome = run(Verb::Delete, script, &VirtualClock::new()).await;
            assert_eq!(outcome.requests, 1);
            let error = outcome.error();
            assert!(error.is_not_found() && !error.maybe_applied(), "{error}");
        }),
        case("34", "422", typed(BadRequest, echo(422))),
        case("35", "429", limited()),
        case("36", "500, 502, 503, 504", async {
            for status in [500, 502, 503, 504, 520, 529] {
                ambiguous(Server, |_| echo(status)).await;
                ambiguous(Server, |_| Answer::text(status, "text/html", "<p>down</p>")).await;
            }
        }),
        case("37", "500 after the commit of a create", committed()),
        case("37a", "408", ambiguous(Timeout, |_| echo(408))),
        case("37b", "409", typed(Conflict, echo(409))),
    ]
}

/// A failure that repeats the key that made the call.
fn echo(status: u16) -> Answer {
    error(status, &format!("no, {TOKEN}"))
}

async fn redirects() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Scripted::start(vec![deleted(); 6]).await;
        let location = format!("location: {}/?{TOKEN}\r\n", elsewhere.base_url());
        let answer = Answer::with_headers(status, &location, "");
        typed_and_create_ambiguous(Redirect, answer).await;
        assert!(elsewhere.requests().is_empty(), "the token went elsewhere");
    }
}

async fn repeated_delete() {
    let clock = VirtualClock::new();
    for doubtful in [Answer::nothing(), error(500, "no"), error(408, "no")] {
        for gone in [
            error(404, "Resource not found"),
            Answer::with_headers(404, "", ""),
        ] {
            run(Verb::Delete, vec![doubtful.clone(), gone], &clock)
                .await
                .assert_ok(2);
        }
        // A gateway's page does not say that the key is gone.
        let lost = Answer::text(404, "text/html", "<h1>no such host</h1>");
        let outcome = run(Verb::Delete, vec![doubtful, lost], &clock).await;
        assert_eq!(outcome.requests, 2);
        let error = outcome.error();
        assert!(error.is_not_found() && error.maybe_applied(), "{error}");
    }
}

/// 429 proves that nothing was done, so a create is repeated too.
async fn limited() {
    for verb in Verb::ALL {
        let clock = VirtualClock::new();
        let asks = Answer::with_headers(429, "retry-after: 7\r\n", "");
        run(verb, vec![asks, verb.good_answer()], &clock)
            .await
            .assert_ok(2);
        assert_eq!(clock.waits(), [Duration::from_secs(7)]);

        let clock = VirtualClock::new();
        let script = vec![echo(429), echo(429), verb.good_answer()];
        run(verb, script, &clock).await.assert_ok(3);
        let waits: Vec<_> = clock.waits().iter().map(Duration::as_millis).collect();
        assert!(
            (100..=200).contains(&waits[0]) && (200..=400).contains(&waits[1]),
            "{waits:?}"
        );

        let outcome = run(verb, vec![echo(429); 3], &clock).await;
        assert_eq!(outcome.requests, 3);
        let error = outcome.error();
        assert!(error.is_rate_limited() && error.is_retryable(), "{error}");
        assert!(!error.maybe_applied(), "{error}");
    }
    // Unless it brings the plaintext of a key, which proves the contrary.
    let made = Answer::json(429, &json!({"data": key(), "key": PLAINTEXT}));
    super::expect::salvaged(
        openrouter_keys::ErrorKind::RateLimited,
        Some(crate::support::HASH),
        made,
    )
    .await;
    // What is ours, or masked, or no key at all, is no proof of anything.
    for key in [TOKEN, "sk-or-v1-0e6...1c96", "sk-or-v1-***", "name"] {
        typed(BadRequest, Answer::json(400, &json!({"key": key}))).await;
        let detail = json!({"code": 400, "message": "no", "metadata": {"key": key}});
        let masked = json!({"error": detail, "key": key, "data": {"hash": "of-another"}});
        typed(BadRequest, Answer::json(400, &masked)).await;
    }
}

/// One key is there, and the error says that there may be one.
async fn committed() {
    for fault in [
        Fault::commit_then_status(500),
        Fault::commit_then_status(503),
        Fault::commit_then_reset(),
        Fault::truncate_body(40),
    ] {
        let emulator = Emulator::start().await.unwrap();
        emulator.inject(fault.on(Route::Create).always());
        let client = client_of(&emulator);
        let error = client.create("a").send().await.unwrap_err();
        assert!(error.maybe_applied() && !error.is_retryable(), "{error}");
        assert_eq!(error.attempts(), 1, "{error}");
        assert_eq!(emulator.requests(Route::Create), 1);
        assert_eq!(client.list().send().await.unwrap().keys.len(), 1);
    }
}
