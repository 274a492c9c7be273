//! The feature `tracing`: what is told of a call, to the letter, and nothing else.

pub(crate) mod collector;

use std::time::Duration;

use openrouter_keys::{Client, ErrorKind, RetryPolicy};

use crate::support::listing::{page_at, start};
use crate::support::{
    Answer, HASH, PLAINTEXT, Request, Scripted, builder, client, created, current_key, deleted,
    error, one_key, page,
};
use collector::Collector;

/// What a span has from its beginning, of a call to `server`.
fn span(server: &Scripted, method: &str, template: &str) -> Vec<String> {
    let url: openrouter_keys::reqwest::Url = server.base_url().parse().unwrap();
    vec![
        "INFO call".to_owned(),
        r#"otel.kind="client""#.to_owned(),
        format!(r#"http.request.method="{method}""#),
        format!(r#"otel.name="{method} {template}""#),
        format!(r#"url.template="{template}""#),
        r#"server.address="127.0.0.1""#.to_owned(),
        format!("server.port={}", url.port().unwrap()),
    ]
}

/// `span` with what it has at its end.
fn ended(mut span: Vec<String>, fields: &[&str]) -> Vec<Vec<String>> {
    span.extend(fields.iter().map(|&field| field.to_owned()));
    vec![span]
}

#[tokio::test]
async fn a_success_is_a_span_with_one_event() {
    let server = Scripted::start([one_key()]).await;
    let collector = Collector::default();
    let guard = collector.install();
    client(&server).get(HASH).send().await.unwrap();
    drop(guard);

    let span = span(&server, "GET", "/api/v1/keys/{hash}");
    assert_eq!(
        collector.closed_spans(),
        ended(span, &["http.response.status_code=200"])
    );
    assert_eq!(
        collector.events(),
        ["DEBUG attempt answered http.response.status_code=200"]
    );
}

#[tokio::test]
async fn every_attempt_is_an_event_and_says_when_the_next_one_is() {
    let busy = Answer::with_headers(503, "retry-after: 0\r\n", "");
    let server = Scripted::start([busy, error(429, "slow down"), one_key()]).await;
    let collector = Collector::default();
    let guard = collector.install();
    client(&server).update(HASH).name("a").send().await.unwrap();
    drop(guard);

    let span = span(&server, "PATCH", "/api/v1/keys/{hash}");
    assert_eq!(
        collector.closed_spans(),
        ended(
            span,
            &[
                "http.response.status_code=200",
                "http.request.resend_count=2"
            ]
        )
    );
    assert_eq!(
        collector.events(),
        [
            r#"WARN attempt failed http.response.status_code=503 error.type="503" retry_in_ms=100"#,
            r#"WARN attempt failed http.response.status_code=429 http.request.resend_count=1 error.type="429" retry_in_ms=0"#,
            "DEBUG attempt answered http.response.status_code=200 http.request.resend_count=2",
        ]
    );
}

#[tokio::test]
async fn a_create_that_may_have_been_applied_ends_with_its_only_attempt() {
    let cut = format!("HTTP/1.1 201 X\r\ncontent-length: 999\r\n\r\n{{\"key\":\"{PLAINTEXT}\"");
    let cases = [
        (error(503, PLAINTEXT), Some(503), "503"),
        (error(302, PLAINTEXT), Some(302), "302"),
        (Answer::nothing(), None, "connect"),
        (Answer::raw(cut).then_close(), Some(201), "connect"),
        (Answer::raw("junk\r\n\r\n").then_close(), None, "decode"),
        (
            Answer::text(201, "application/json", "{}"),
            Some(201),
            "decode",
        ),
    ];
    for (answer, status, error_type) in cases {
        let server = Scripted::start([answer]).await;
        let collector = Collector::default();
        let guard = collector.install();
        let error = client(&server).create("a").send().await.unwrap_err();
        drop(guard);

        assert!(error.maybe_applied());
        let mut fields = vec![];
        fields.extend(status.map(|status| format!("http.response.status_code={status}")));
        fields.push(format!("error.type={error_type:?}"));
        let event = format!("WARN attempt failed {}", fields.join(" "));
        assert_eq!(collector.events(), [event]);
        fields.push(r#"otel.status_code="ERROR""#.to_owned());
        let fields: Vec<_> = fields.iter().map(|field| &**field).collect();
        assert_eq!(
            collector.closed_spans(),
            ended(span(&server, "POST", "/api/v1/keys"), &fields)
        );
    }
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let server = Scripted::start([Answer::raw("").then_stall()]).await;
    let client = builder(&server)
        .retry(RetryPolicy::none())
        .attempt_timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let collector = Collector::default();
    let guard = collector.install();
    let error = client.current().send().await.unwrap_err();
    drop(guard);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(
        collector.events(),
        [r#"WARN attempt failed error.type="timeout""#]
    );
}

/// With a budget of nothing, an attempt that would be repeated is the last one, and no wait is announced.
#[tokio::test]
async fn a_retry_that_there_will_not_be_is_not_announced() {
    let server = Scripted::start([error(503, "")]).await;
    let client = builder(&server)
        .retry(RetryPolicy::default().budget(0))
        .build()
        .unwrap();
    let collector = Collector::default();
    let guard = collector.install();
    client.list().send().await.unwrap_err();
    drop(guard);
    assert_eq!(
        collector.events(),
        [r#"WARN attempt failed http.response.status_code=503 error.type="503""#]
    );
}

/// A call that does not get as far as its first attempt has an event for that one.
#[tokio::test]
async fn a_call_that_is_held_back_says_why() {
    let busy = Answer::with_headers(429, "retry-after: 3600\r\n", "");
    let server = Scripted::start([busy]).await;
    let client = client(&server);
    client.get(HASH).send().await.unwrap_err();
    let collector = Collector::default();
    let guard = collector.install();
    client.get(HASH).send().await.unwrap_err();
    drop(guard);
    let error_type = r#"error.type="rate_limited""#;
    assert_eq!(
        collector.events(),
        [format!("WARN attempt failed {error_type}")]
    );
    let span = span(&server, "GET", "/api/v1/keys/{hash}");
    assert_eq!(
        collector.closed_spans(),
        ended(span, &[error_type, r#"otel.status_code="ERROR""#])
    );
}

#[tokio::test]
async fn what_is_refused_before_it_is_sent_leaves_no_trace() {
    let server = Scripted::start([]).await;
    let client = client(&server);
    let collector = Collector::default();
    let guard = collector.install();
    client.get(PLAINTEXT).send().await.unwrap_err();
    client.create("").send().await.unwrap_err();
    let malformed = client.with_key("not\nvalid").current().send().await;
    malformed.unwrap_err();
    drop(guard);
    assert!(collector.closed_spans().is_empty());
    assert!(collector.events().is_empty());
}

/// What a span of this request is called.
fn name(request: &Request) -> String {
    let (path, _) = request.path_and_query();
    format!("{} {}", request.method, path.replace(HASH, "{hash}"))
}

fn otel_name(span: &[String]) -> &str {
    let name = span
        .iter()
        .find_map(|field| field.strip_prefix("otel.name="));
    name.unwrap().trim_matches('"')
}

/// The method and the template are those of the request that is really sent.
#[tokio::test]
async fn each_operation_has_its_own_method_and_template() {
    async fn all(client: &Client) {
        let _ = client.create("a").send().await.unwrap();
        client.get(HASH).send().await.unwrap();
        client.update(HASH).name("a").send().await.unwrap();
        client.delete(HASH).send().await.unwrap();
        client.list().include_all().offset(3).send().await.unwrap();
        client.current().send().await.unwrap();
    }
    for base_path in ["/api/v1", "", "/a/b/"] {
        let answers = [
            created(),
            one_key(),
            one_key(),
            deleted(),
            page(),
            current_key(),
        ];
        let server = Scripted::start(answers).await;
        let root = server.base_url().replace("/api/v1", base_path);
        let client = builder(&server).base_url(root).build().unwrap();
        let collector = Collector::default();
        let guard = collector.install();
        all(&client).await;
        drop(guard);

        let sent: Vec<_> = server.requests().iter().map(name).collect();
        let spans = collector.closed_spans();
        let told: Vec<_> = spans.iter().map(|span| otel_name(span)).collect();
        assert_eq!(told, sent);
        assert_eq!(told.len(), 6);
    }
}

/// An address of IPv6 stands in brackets only within a URL, and the usual port is a port.
#[tokio::test]
async fn the_server_is_named_without_the_url_around_it() {
    let client = Client::builder()
        .management_key("sk-or-v1-not-a-real-key")
        .retry(RetryPolicy::none())
        // Nobody gets as far as to connect.
        .clock(NoTime)
        .base_url("http://[::1]/api/v1")
        .build()
        .unwrap();
    let collector = Collector::default();
    let guard = collector.install();
    client.list().send().await.unwrap_err();
    drop(guard);
    let spans = collector.closed_spans();
    assert!(spans[0].contains(&r#"server.address="::1""#.to_owned()));
    assert!(spans[0].contains(&"server.port=80".to_owned()));
}

/// Every wait is over at once.
#[derive(Debug)]
struct NoTime;

impl openrouter_keys::Clock for NoTime {
    fn sleep(&self, _: Duration) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async {})
    }
}

#[tokio::test]
async fn a_future_that_is_dropped_closes_its_span() {
    let server = Scripted::start([Answer::raw("").then_stall()]).await;
    let collector = Collector::default();
    let guard = collector.install();
    let client = client(&server);
    let mut call = Box::pin(client.create("a").send());
    // Once the request has arrived, the call is in the midst of its attempt.
    while server.requests().is_empty() {
        tokio::select! {
            biased;
            _ = &mut call => panic!("nobody answers"),
            () = tokio::task::yield_now() => {}
        }
    }
    assert!(collector.closed_spans().is_empty());
    assert!(!collector.is_inside(), "a call that waits is not entered");
    drop(call);
    drop(guard);
    assert_eq!(
        collector.closed_spans(),
        [span(&server, "POST", "/api/v1/keys")]
    );
    assert!(collector.events().is_empty());
}

/// Two calls at once on one thread: an event belongs to its own call.
#[tokio::test]
async fn calls_at_once_keep_their_events_apart() {
    let server = Scripted::start([error(503, "a"), error(503, "b"), one_key(), one_key()]).await;
    let client = client(&server);
    let collector = Collector::default();
    let guard = collector.install();
    let (one, other) = tokio::join!(client.get(HASH).send(), client.get(HASH).send());
    one.unwrap();
    other.unwrap();
    drop(guard);
    for events in collector.events_by_span() {
        assert_eq!(events.len(), 2, "{events:?}");
    }
    assert_eq!(collector.events_by_span().len(), 2);
}

/// They are on tasks of their own, and those on other threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_pages_of_a_listing_are_traced_where_they_were_asked_for() {
    let server = Scripted::start_by(|request, _| page_at(250, start(request))).await;
    let collector = Collector::default();
    let guard = collector.install();
    let keys = client(&server).list().collect_all().await.unwrap();
    drop(guard);
    assert_eq!(keys.len(), 250);
    let spans = collector.closed_spans();
    assert_eq!(spans.len(), server.requests().len(), "{spans:?}");
    assert_eq!(collector.events().len(), spans.len());
}
