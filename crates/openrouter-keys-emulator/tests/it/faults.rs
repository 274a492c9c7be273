//! What goes wrong when it is told to.

use std::io::ErrorKind;
use std::time::Duration;

use openrouter_keys_emulator::{Emulator, Fault, Route};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::time;

use crate::control::{arm, armed, control, shown};
use crate::http::{create, manage, start};
use crate::line::{Line, PATIENCE, Raw, until};

/// Longer than any test may take, and so never waited for.
const FOREVER: Duration = Duration::from_secs(3600);

/// The names of the keys, which takes a request that no fault strikes.
async fn names(emulator: &Emulator) -> Vec<String> {
    let list = manage(emulator, "GET", "/keys", "").await.expect(200);
    list.names().into_iter().map(str::to_owned).collect()
}

const RESET: (&str, Result<(), ErrorKind>) = ("", Err(ErrorKind::ConnectionReset));

#[tokio::test]
async fn a_status_comes_with_the_apis_error_and_the_connection_goes_on() {
    for status in [400, 401, 404, 408, 429, 499, 500, 503, 599] {
        let fault = Fault::status(status);
        for emulator in armed(fault, json!({"fault": "status", "status": status})).await {
            let mut line = Line::open(&emulator).await;
            line.send("POST", "/keys", r#"{"name":"refused"}"#).await;
            let refused = line.receive().await.expect(&status.to_string());
            assert_eq!(refused.header("content-type"), Some("application/json"));
            assert_eq!(refused.header("retry-after"), None);
            let body: Value = serde_json::from_str(&refused.body).expect("JSON");
            assert_eq!(body["error"]["code"], status);
            assert!(body["error"]["message"].is_string(), "{body}");

            line.send("POST", "/keys", r#"{"name":"made"}"#).await;
            line.receive().await.expect("201");
            assert_eq!(names(&emulator).await, ["made"]);
        }
    }
}

#[tokio::test]
async fn a_long_body_does_not_come_in_the_way_of_the_next_request() {
    for fault in [Fault::status(503), Fault::html(502)] {
        let emulator = start().await;
        emulator.inject(fault);
        let mut line = Line::open(&emulator).await;
        line.send("POST", "/keys", &"x".repeat(3 * 1024 * 1024))
            .await;
        line.receive().await;
        line.send("GET", "/keys", "").await;
        line.receive().await.expect("200");
    }
}

#[tokio::test]
async fn retry_after_is_in_whole_seconds() {
    for (wait, seconds) in [
        (Duration::ZERO, 0),
        (Duration::from_secs(7), 7),
        (Duration::from_millis(1001), 2),
        (Duration::from_nanos(1), 1),
        (Duration::MAX, u64::MAX),
    ] {
        let fault = Fault::status(429).retry_after(wait);
        let fields = json!({"fault": "status", "status": 429, "retry_after": seconds});
        for emulator in armed(fault, fields).await {
            let refused = manage(&emulator, "GET", "/keys", "").await.expect(429);
            let seconds = seconds.to_string();
            assert_eq!(refused.header("retry-after"), Some(&*seconds));
        }
    }
    let emulator = start().await;
    emulator.inject(Fault::html(503).retry_after(Duration::from_secs(3)));
    let mut line = Line::open(&emulator).await;
    line.send("GET", "/keys", "").await;
    let page = line.receive().await.expect("503");
    assert_eq!(page.header("retry-after"), Some("3"));
}

#[tokio::test]
async fn a_page_is_no_json_and_nothing_is_done() {
    for (status, fields) in [
        (502, json!({"fault": "html"})),
        (504, json!({"fault": "html", "status": 504})),
        (200, json!({"fault": "html", "status": 200})),
        (499, json!({"fault": "html", "status": 499})),
    ] {
        for emulator in armed(Fault::html(status), fields.clone()).await {
            let mut line = Line::open(&emulator).await;
            line.send("POST", "/keys", r#"{"name":"k"}"#).await;
            let page = line.receive().await.expect(&status.to_string());
            let kind = page.header("content-type").expect("a content type");
            assert!(kind.starts_with("text/html"), "{kind}");
            assert!(page.body.starts_with("<!DOCTYPE html>"), "{}", page.body);
            line.send("GET", "/keys", "").await;
            assert_eq!(line.receive().await.expect("200").body, r#"{"data":[]}"#);
        }
    }
}

/// The create is met by a reset, and then there are the keys of these names.
async fn assert_reset_leaves(left: &[&str], fault: Fault, name: &str) {
    let fields = json!({"fault": name, "route": "create"});
    for emulator in armed(fault.on(Route::Create), fields).await {
        let mut line = Line::open(&emulator).await;
        line.send("POST", "/keys", r#"{"name":"k"}"#).await;
        let (bytes, end) = line.rest().await;
        assert_eq!((&*bytes, end), RESET);
        assert_eq!(emulator.requests(Route::Create), 1);
        assert_eq!(names(&emulator).await, left);
    }
}

#[tokio::test]
async fn a_reset_before_the_response_leaves_nothing() {
    let fault = Fault::reset_before_response();
    assert_reset_leaves(&[], fault, "reset_before_response").await;
}

#[tokio::test]
async fn a_commit_then_reset_leaves_exactly_one_key() {
    let fault = Fault::commit_then_reset();
    assert_reset_leaves(&["k"], fault, "commit_then_reset").await;
}

#[tokio::test]
async fn a_commit_then_status_leaves_exactly_one_key() {
    let fault = Fault::commit_then_status(500).on(Route::Create);
    let fields = json!({"fault": "commit_then_status", "status": 500, "route": "create"});
    for emulator in armed(fault, fields).await {
        let mut line = Line::open(&emulator).await;
        line.send("POST", "/keys", r#"{"name":"k"}"#).await;
        let answer = line.receive().await.expect("500");
        assert!(answer.head.starts_with("http/1.1 500 "), "{}", answer.head);
        assert!(answer.body.contains(r#""code":500"#), "{}", answer.body);
        assert_eq!(names(&emulator).await, ["k"]);
    }
}

#[tokio::test]
async fn what_is_committed_can_be_a_refusal() {
    let emulator = start().await;
    emulator.inject(Fault::commit_then_reset());
    emulator.inject(Fault::truncate_body(0));
    emulator.inject(Fault::delay(Duration::from_millis(1)));
    emulator.inject(Fault::status(500));
    for status in [None, Some("401"), Some("401"), Some("500")] {
        let mut line = Line::open(&emulator).await;
        line.key = "sk-or-v1-canary-of-nobody".to_owned();
        line.send("POST", "/keys", r#"{"name":"k"}"#).await;
        let Some(status) = status else {
            assert_eq!(line.rest().await.1, RESET.1);
            continue;
        };
        // With no more than a head, the length has to be found in it.
        let mut buffer = [0; 1024];
        let read = line.stream.read(&mut buffer).await.expect("received");
        let head = String::from_utf8_lossy(&buffer[..read]);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
    assert_eq!(names(&emulator).await, [""; 0]);
}

#[tokio::test]
async fn a_body_is_cut_off_where_it_is_told() {
    for bytes in [0, 1, 100, 10_000] {
        let fault = Fault::truncate_body(bytes).on(Route::Create);
        let fields = json!({"fault": "truncate_body", "bytes": bytes, "route": "create"});
        for emulator in armed(fault, fields).await {
            let mut line = Line::open(&emulator).await;
            line.send("POST", "/keys", r#"{"name":"k"}"#).await;
            let (text, end) = line.rest().await;
            assert_eq!(end, Ok(()), "{bytes}");
            let answer = Raw::read(&text).expect("a head").expect("201");
            assert_eq!(answer.header("content-type"), Some("application/json"));

            // The list has the key as the answer had it.
            let list = manage(&emulator, "GET", "/keys", "").await.expect(200);
            assert_eq!(list.names(), ["k"]);
            let key = list.text.strip_prefix(r#"{"data":["#).expect("a list");
            let key = key.strip_suffix("]}").expect("its end");
            let digits = "0".repeat(64);
            let whole = format!(r#"{{"data":{key},"key":"sk-or-v1-{digits}"}}"#);
            assert_eq!(answer.length(), whole.len(), "{bytes}");
            assert_eq!(answer.body.len(), bytes.min(whole.len()));
            let shared = bytes.min(key.len());
            assert_eq!(answer.body[..shared], whole[..shared]);
        }
    }
}

#[tokio::test]
async fn a_long_body_is_cut_off_to_the_byte() {
    let emulator = start().await;
    // Together more than a socket takes before somebody reads.
    let name = "k".repeat(1_000_000);
    for _ in 0..7 {
        create(&emulator, &format!(r#"{{"name":"{name}"}}"#)).await;
    }
    let whole = manage(&emulator, "GET", "/keys", "").await.expect(200).text;
    for bytes in [whole.len() - 1, whole.len(), whole.len() + 1, usize::MAX] {
        emulator.inject(Fault::truncate_body(bytes));
        let mut line = Line::open(&emulator).await;
        line.send("GET", "/keys", "").await;
        let (text, end) = line.rest().await;
        assert_eq!(end, Ok(()), "{bytes}");
        let answer = Raw::read(&text).expect("a head").expect("200");
        assert_eq!(answer.length(), whole.len(), "{bytes}");
        // Not `assert_eq!`, which would print it.
        assert!(answer.body == whole[..bytes.min(whole.len())], "{bytes}");
    }

    // A head is all that there is to cut.
    emulator.inject(Fault::truncate_body(1));
    let mut line = Line::open(&emulator).await;
    line.send("HEAD", "/keys", "").await;
    let (text, end) = line.rest().await;
    let head = Raw::read(&text).expect("a head").expect("200");
    assert_eq!((head.length(), &*head.body), (whole.len(), ""));
    assert_eq!(end, Ok(()));
}

#[tokio::test]
async fn a_delay_comes_between_the_deed_and_the_answer() {
    let fields = json!({"fault": "delay", "delay_ms": 3_600_000, "route": "create"});
    for emulator in armed(Fault::delay(FOREVER).on(Route::Create), fields).await {
        let mut line = Line::open(&emulator).await;
        line.send("POST", "/keys", r#"{"name":"k"}"#).await;
        until(async || names(&emulator).await == ["k"]).await;

        // Stopping does not wait for it.
        time::timeout(PATIENCE, emulator.stop())
            .await
            .expect("in time");
        assert_eq!(line.rest().await.0, "");
    }
}

/// Time is tokio's, and stands still but for whoever waits.
#[tokio::test(start_paused = true)]
async fn every_fault_can_be_late() {
    const LATE: Duration = Duration::from_millis(40);

    for (fault, fields) in [
        (Fault::delay(LATE), json!({"fault": "delay"})),
        (
            Fault::status(500).after(LATE),
            json!({"fault": "status", "status": 500}),
        ),
        (Fault::html(502).after(LATE), json!({"fault": "html"})),
        (
            Fault::reset_before_response().after(LATE),
            json!({"fault": "reset_before_response"}),
        ),
        (
            Fault::commit_then_reset().after(LATE),
            json!({"fault": "commit_then_reset"}),
        ),
        (
            Fault::truncate_body(5).after(LATE),
            json!({"fault": "truncate_body", "bytes": 5}),
        ),
        (
            Fault::slow_body(Duration::from_millis(1)).after(LATE),
            json!({"fault": "slow_body", "over_ms": 1}),
        ),
    ] {
        let mut fields = fields;
        fields["delay_ms"] = json!(40);
        for emulator in armed(fault.clone(), fields.clone()).await {
            let mut line = Line::open(&emulator).await;
            let sent = time::Instant::now();
            line.send("GET", "/keys", "").await;
            // A reset is a read as well.
            let _ = line.stream.read(&mut [0]).await;
            assert!(sent.elapsed() >= LATE, "{fields}: {:?}", sent.elapsed());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_is_all_there_in_the_end() {
    let fields = json!({"fault": "slow_body", "over_ms": 200, "route": "list"});
    let fault = Fault::slow_body(Duration::from_millis(200)).on(Route::List);
    for emulator in armed(fault, fields).await {
        create(&emulator, r#"{"name":"k"}"#).await;
        let mut line = Line::open(&emulator).await;
        let sent = time::Instant::now();
        line.send("GET", "/keys", "").await;
        let slow = line.receive().await.expect("200");
        assert!(sent.elapsed() >= Duration::from_millis(200));
        line.send("GET", "/keys", "").await;
        assert_eq!(line.receive().await.body, slow.body);
    }
}

#[tokio::test]
async fn a_slow_body_begins_at_once_and_does_not_keep_the_emulator() {
    let fields = json!({"fault": "slow_body", "over_ms": 3_600_000});
    for emulator in armed(Fault::slow_body(FOREVER), fields).await {
        let mut line = Line::open(&emulator).await;
        line.send("POST", "/keys", r#"{"name":"k"}"#).await;
        let mut text = String::new();
        // A twentieth of the body, and the head before it.
        let first = async || {
            let mut buffer = [0; 1024];
            let read = line.stream.read(&mut buffer).await.expect("received");
            text += std::str::from_utf8(&buffer[..read]).expect("UTF-8");
            Raw::read(&text).is_some_and(|raw| raw.body.len() == raw.length().div_ceil(20))
        };
        until(first).await;
        time::timeout(PATIENCE, emulator.stop())
            .await
            .expect("in time");
        assert_eq!(line.rest().await, (String::new(), Ok(())));
    }
}

#[tokio::test]
async fn dropping_ends_what_is_late() {
    let emulator = start().await;
    emulator.inject(Fault::delay(FOREVER).on(Route::Create));
    let mut line = Line::open(&emulator).await;
    line.send("POST", "/keys", r#"{"name":"k"}"#).await;
    until(async || names(&emulator).await == ["k"]).await;
    drop(emulator);
    assert_eq!(line.rest().await.0, "");
}

/// The statuses of so many requests for a list.
async fn statuses(emulator: &Emulator, requests: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..requests {
        statuses.push(manage(emulator, "GET", "/keys", "").await.status);
    }
    statuses
}

#[tokio::test]
async fn faults_strike_in_the_order_in_which_they_were_armed() {
    let inside = start().await;
    inside.inject(Fault::status(500).on(Route::Create));
    inside.inject(Fault::status(501).times(2));
    inside.inject(Fault::status(502).on(Route::List));
    inside.inject(Fault::status(503).on(Route::List).times(3).times(1));

    let outside = start().await;
    for fault in [
        r#"{"fault":"status","status":500,"route":"create"}"#,
        r#"{"fault":"status","status":501,"count":2}"#,
        r#"{"fault":"status","status":502,"route":"list","count":1}"#,
        r#"{"fault":"status","status":503,"route":"list"}"#,
    ] {
        arm(&outside, fault).await.expect(201);
    }

    for emulator in [inside, outside] {
        assert_eq!(statuses(&emulator, 5).await, [501, 501, 502, 503, 200]);
        // The first one has waited for its route.
        let shown = shown(&emulator).await;
        assert_eq!(shown["faults"].as_array().map(Vec::len), Some(1));
        manage(&emulator, "POST", "/keys", "{}").await.expect(500);
        manage(&emulator, "POST", "/keys", "{}").await.expect(400);
    }
}

#[tokio::test]
async fn a_fault_without_end_strikes_until_it_is_cleared() {
    let fields = json!({"fault": "status", "status": 500, "count": "always"});
    let [inside, outside] = armed(Fault::status(500).times(2).always(), fields).await;
    for emulator in [&inside, &outside] {
        assert_eq!(statuses(emulator, 4).await, [500; 4]);
        assert_eq!(shown(emulator).await["faults"][0]["struck"], 4);
    }
    inside.clear_faults();
    assert_eq!(
        control(&outside, "DELETE", "faults", "").await,
        json!({"faults": []})
    );
    for emulator in [inside, outside] {
        assert_eq!(statuses(&emulator, 1).await, [200]);
        assert_eq!(shown(&emulator).await, json!({"faults": []}));
    }
}

#[test]
fn a_fault_that_makes_no_sense_panics_where_it_is_written() {
    type Make = fn() -> Fault;

    let wrong: &[(&str, Make)] = &[
        ("status 200", || Fault::status(200)),
        ("status 399", || Fault::status(399)),
        ("status 600", || Fault::status(600)),
        ("status 0", || Fault::status(0)),
        ("committed 200", || Fault::commit_then_status(200)),
        ("html 201", || Fault::html(201)),
        ("html 302", || Fault::html(302)),
        ("html 999", || Fault::html(999)),
        ("no times", || Fault::status(500).times(0)),
        ("a reset with a wait", || {
            Fault::commit_then_reset().retry_after(Duration::ZERO)
        }),
    ];
    for (what, make) in wrong {
        let made = std::panic::catch_unwind(make);
        assert!(made.is_err(), "{what}: {made:?}");
    }
}
