//! The blocking client: the same calls, in and out of async code, and a background thread that comes and goes with it.

mod apart;
mod clocks;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use chrono::{TimeZone as _, Utc};
use openrouter_keys::blocking::{Blocking, Client};
use openrouter_keys::operations::{
    CreateKey, DeleteKey, GetCurrentKey, GetKey, ListKeys, UpdateKey,
};
use openrouter_keys::{ErrorKind, ExposeSecret, LimitReset, RetryPolicy};
use openrouter_keys_emulator::Emulator;

use crate::support::listing::{exactly, hash, page as numbered, page_at, start};
use crate::support::{
    self, Answer, HASH, PARTNER_KEY, PLAINTEXT, Scripted, builder, created, current_key, deleted,
    error, no_waits, one_key, page,
};
use crate::tracing::collector::Collector;
use apart::Apart;
use clocks::{Meeting, PanicsOnce, Witness};

const WORKSPACE: &str = "00000000-0000-4000-8000-000000000042";

/// How long to wait for what comes at once, before the test has failed.
const PATIENCE: Duration = Duration::from_secs(15);

/// Through all six verbs, by way of everything that shares one background thread.
fn life_of_a_key() {
    let emulator = Apart::start(support::emulator(Emulator::builder()));
    let client = openrouter_keys::Client::builder()
        .base_url(support::base_url_of(&emulator))
        .management_key(emulator.management_key())
        .build_blocking()
        .unwrap();
    let create = client.create("Customer 42").limit(50);
    let created = create.limit_reset("monthly").send().unwrap();
    assert!(created.secret.expose_secret().starts_with("sk-or-v1-"));
    let hash = created.key.hash.clone();

    assert_eq!(client.get(&hash).send().unwrap(), created.key);
    assert_eq!(client.list().send().unwrap().keys, [created.key]);
    let key = client.clone().update(&hash).unlimited().send().unwrap();
    assert_eq!(
        (key.limit, key.limit_reset),
        (None, Some(LimitReset::Monthly))
    );
    let theirs = client.with_key(created.secret);
    let me = theirs.current().send_with_response().unwrap();
    assert_eq!(me.status(), 200);
    assert_eq!(me.into_inner().limit, None);
    let error = theirs.list().send().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);

    // The builder is the last one to have the background thread.
    let gone = client.get(&hash);
    client.delete(&hash).send().unwrap();
    drop((client, theirs));
    assert!(gone.clone().send().unwrap_err().is_not_found());
}

#[test]
fn outside_of_any_runtime() {
    life_of_a_key();
}

#[tokio::test(flavor = "current_thread")]
async fn in_a_runtime_of_one_thread() {
    life_of_a_key();
    tokio::spawn(async { life_of_a_key() }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_runtime_of_several_threads() {
    life_of_a_key();
    tokio::spawn(async { life_of_a_key() }).await.unwrap();
    tokio::task::spawn_blocking(life_of_a_key).await.unwrap();
}

/// To the same server, so that not even `Host` differs.
macro_rules! assert_same_request {
    ($answer:expr, |$client:ident| $call:expr) => {{
        let server = Apart::start(Scripted::start(vec![$answer; 2]));
        let $client = builder(&server).build().unwrap();
        let _ = $call.send().await.unwrap();
        let $client = builder(&server).build_blocking().unwrap();
        let _ = $call.send().unwrap();
        let [one, other] = &server.requests()[..] else {
            panic!("two requests were expected");
        };
        assert_eq!(one.render(), other.render());
        let mut other = other.clone();
        other.connection = one.connection;
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }};
}

#[tokio::test]
async fn what_is_sent_is_the_same() {
    let expiry = Utc.with_ymd_and_hms(2099, 12, 31, 23, 59, 59).unwrap();
    assert_same_request!(created(), |client| client
        .create("Customer 42")
        .limit(12.5)
        .limit_reset(LimitReset::Weekly)
        .include_byok_in_limit(true)
        .expires_at(expiry)
        .workspace_id(WORKSPACE)
        .creator_user_id("user_1")
        .external_user_with_key("customer-42", PARTNER_KEY)
        .header("X-Extra", "yes"));
    assert_same_request!(created(), |client| client
        .create("Customer 42")
        .unlimited()
        .never_resets()
        .never_expires());
    assert_same_request!(one_key(), |client| client.get(HASH));
    assert_same_request!(one_key(), |client| client
        .update(HASH)
        .name("Customer 42")
        .disabled(false)
        .limit(0)
        .never_resets());
    assert_same_request!(deleted(), |client| client.delete(HASH));
    assert_same_request!(page(), |client| client
        .list()
        .include_all()
        .offset(200)
        .workspace_id(WORKSPACE));
    assert_same_request!(current_key(), |client| client.current());
}

#[test]
fn what_can_be_repeated_is_repeated() {
    let server = Apart::start(Scripted::start([error(503, "busy"), one_key()]));
    let client = builder(&server).build_blocking().unwrap();
    client.get(HASH).send().unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn silence_ends_at_the_timeout() {
    let server = Apart::start(Scripted::start([Answer::raw("").then_stall()]));
    let client = builder(&server).build_blocking().unwrap();
    // Too short for another attempt.
    let call = client.get(HASH).timeout(Duration::from_millis(500));
    let error = call.send().unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1));
}

#[test]
fn nonsense_is_refused_and_not_sent() {
    let server = Apart::start(Scripted::start([]));
    let client = builder(&server).build_blocking().unwrap();
    for error in [
        client.get("..").send().unwrap_err(),
        client.update(HASH).send().unwrap_err(),
        client.create("").send().map(drop).unwrap_err(),
        builder(&server)
            .base_url("canary")
            .build_blocking()
            .unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    assert!(server.requests().is_empty());
}

/// Each attempt ends only when all are under way, so that none of these calls waits for another.
#[test]
fn calls_of_many_threads_run_side_by_side() {
    const THREADS: usize = 8;
    let server = Apart::start(Scripted::start(vec![Answer::raw("").then_stall(); THREADS]));
    let meeting = Meeting::of(THREADS);
    let client = builder(&server)
        .clock(meeting.clone())
        .retry(RetryPolicy::none())
        .build_blocking()
        .unwrap();
    let calls: Vec<_> = (0..THREADS)
        .map(|_| client.get(HASH))
        .map(|call| thread::spawn(|| call.send()))
        .collect();
    for call in calls {
        let error = call.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    }
    assert_eq!(meeting.met(), THREADS);
}

/// The client of a server that the test itself plays.
fn client_of(listener: &TcpListener) -> Client {
    let address = listener.local_addr().unwrap();
    no_waits(openrouter_keys::Client::builder())
        .base_url(format!("http://{address}/api/v1"))
        .build_blocking()
        .unwrap()
}

#[test]
fn a_call_outlives_the_client_that_made_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client_of(&listener);
    let call = client.get(HASH);
    let waiting = thread::spawn(|| call.send());

    let (mut connection, _) = listener.accept().unwrap();
    drop(client);
    answer(&mut connection);
    assert_eq!(waiting.join().unwrap().unwrap().hash.as_str(), HASH);

    // With the last one that had it, the background thread has let go of the connection.
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(connection.read(&mut [0]).unwrap(), 0);
}

/// Reads a request that has no body, and answers with a key.
fn answer(connection: &mut std::net::TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        connection.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let body = serde_json::json!({"data": support::key()}).to_string();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    connection.write_all((head + &body).as_bytes()).unwrap();
}

/// An idle connection is in the pool when the last client is dropped, in async code and out of it.
#[tokio::test]
async fn the_background_thread_ends_with_the_last_client() {
    let server = Apart::start(Scripted::start(vec![one_key(); 2]));
    let use_and_drop = |client: Client| {
        client.get(HASH).send().unwrap();
        drop(client.with_key(PLAINTEXT));
    };
    let (witness, ended) = mpsc::channel();
    let clock = Witness(witness);
    let client = builder(&server).clock(clock).build_blocking().unwrap();
    use_and_drop(client.clone());
    use_and_drop(client);
    assert_eq!(
        ended.recv_timeout(PATIENCE),
        Err(mpsc::RecvTimeoutError::Disconnected)
    );

    let (witness, ended) = mpsc::channel();
    let server = Apart::start(Scripted::start([one_key()]));
    let clock = Witness(witness);
    let client = builder(&server).clock(clock).build_blocking().unwrap();
    thread::spawn(move || use_and_drop(client)).join().unwrap();
    assert_eq!(
        ended.recv_timeout(PATIENCE),
        Err(mpsc::RecvTimeoutError::Disconnected)
    );
}

#[test]
fn a_panic_is_the_callers_and_ends_nothing_else() {
    let server = Apart::start(Scripted::start([one_key()]));
    let client = builder(&server)
        .clock(PanicsOnce::default())
        .build_blocking()
        .unwrap();
    let call = client.get(HASH);
    let panic = catch_unwind(AssertUnwindSafe(|| call.send())).unwrap_err();
    assert_eq!(panic.downcast_ref::<String>().unwrap(), PanicsOnce::MESSAGE);
    client.get(HASH).send().unwrap();
}

#[test]
fn the_environment_is_read_as_for_the_async_client() {
    let blocking = Client::from_env().map(|client| format!("{client:?}"));
    let client = openrouter_keys::Client::from_env().map(|client| format!("{client:?}"));
    assert_eq!(format!("{blocking:?}"), format!("{client:?}"));
}

#[test]
fn nothing_prints_a_secret() {
    let server = Apart::start(Scripted::start([]));
    let client = builder(&server).build_blocking().unwrap();
    let create = client
        .create("a")
        .external_user_with_key("u", PARTNER_KEY)
        .header("X-Own", "canary");
    for printed in [
        format!("{client:?} {:#?}", client.with_key(PLAINTEXT)),
        format!("{create:?} {create:#?}"),
        format!("{:#?} {:#?}", client.get(HASH), client.get(PLAINTEXT)),
        format!("{:#?}", client.update(PLAINTEXT).workspace_id(PLAINTEXT)),
        format!("{:#?}", client.delete(PLAINTEXT)),
        format!("{:#?}", client.list().workspace_id(PLAINTEXT)),
        format!("{:#?}", client.current()),
    ] {
        assert!(!printed.contains("canary"), "{printed}");
    }
}

#[test]
fn public_types_cross_threads() {
    fn clones<T: Clone + Send + Sync + 'static>() {}
    clones::<(Client, Blocking)>();
    clones::<(CreateKey<Blocking>, GetKey<Blocking>, UpdateKey<Blocking>)>();
    clones::<(
        DeleteKey<Blocking>,
        ListKeys<Blocking>,
        GetCurrentKey<Blocking>,
    )>();
}

/// Pages are fetched ahead on the background thread.
#[test]
fn all_keys_come_in_a_loop_or_at_once() {
    let server = Apart::start(Scripted::start_by(|request, _| {
        page_at(1000, start(request)).settled_first()
    }));
    let client = builder(&server).build_blocking().unwrap();
    let expected: Vec<_> = (0..1000).map(hash).collect();
    let came = client.list().into_iter().map(|key| key.unwrap().hash);
    exactly(&came.collect::<Vec<_>>(), &expected).unwrap();
    let keys = client.list().collect_all().unwrap();
    let came: Vec<_> = keys.into_iter().map(|key| key.hash).collect();
    exactly(&came, &expected).unwrap();
    assert!(server.most_under_way() > 1);
}

#[test]
fn an_error_ends_the_loop() {
    let server = Apart::start(Scripted::start([numbered(0..100), error(403, "no")]));
    let client = builder(&server).build_blocking().unwrap();
    let mut keys = client.list().include_all().into_iter();
    assert_eq!(keys.by_ref().take(100).flatten().count(), 100);
    let failure = keys.next().unwrap().unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Forbidden);
    assert!(keys.next().is_none() && keys.next().is_none());

    let invalid = client.list().concurrency(0).into_iter().next();
    assert_eq!(
        invalid.unwrap().unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
}

/// It is the caller's, although another thread does the work.
#[test]
fn a_call_is_traced_where_it_was_made() {
    let server = Apart::start(Scripted::start([one_key()]));
    let client = builder(&server).build_blocking().unwrap();
    let collector = Collector::default();
    let guard = collector.install();
    let callers = tracing::info_span!(target: "openrouter_keys", "callers");
    callers.in_scope(|| client.get(HASH).send()).unwrap();
    drop((callers, guard));
    let spans = collector.closed_spans();
    assert_eq!((spans.len(), collector.events().len()), (2, 1), "{spans:?}");
}
