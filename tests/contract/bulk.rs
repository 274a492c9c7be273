//! One call for many keys: each is reported once, whatever goes wrong.

mod faults;
mod sources;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use openrouter_keys::operations::{DeleteKey, UpdateKey};
use openrouter_keys::{
    BulkError, BulkStream, Client, Clock, ErrorKind, Key, KeyHash, KeyStream, RetryPolicy,
};
use tokio::sync::mpsc;

use crate::support::{
    Answer, ByHand, Scripted, answer_all, builder, builder_at, client, error, one_key,
};
use crate::tracing::collector::Collector;

/// `01`, `02` and so on.
fn hashes(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("{number:02}")).collect()
}

fn pause(client: &Client, hash: &String) -> UpdateKey {
    client.update(hash).disabled(true)
}

type Results = mpsc::UnboundedReceiver<Result<String, String>>;

/// Makes the calls in a task, which ends with the run. The items of those that succeed come as `Ok`.
fn in_a_task(client: &Client, concurrency: usize, items: Vec<String>) -> Results {
    let mut run = client.bulk().concurrency(concurrency).run(items, pause);
    let (sender, results) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(result) = run.next().await {
            let result = result.map(|(item, _)| item);
            let result = result.map_err(|failed| failed.item.unwrap_or_default());
            sender.send(result).unwrap();
        }
    });
    results
}

#[tokio::test]
async fn results_come_in_the_order_of_completion() {
    let mut server = ByHand::start().await;
    let client = builder_at(server.base_url()).build().unwrap();
    let mut results = in_a_task(&client, 3, hashes(4));
    let mut held = server.several(3).await;
    let slow = held.remove(0);
    for (held, hash) in held.into_iter().rev().zip(["03", "02"]) {
        held.answer(one_key());
        assert_eq!(results.recv().await, Some(Ok(hash.to_owned())));
    }
    server.next().await.answer(one_key());
    assert_eq!(results.recv().await, Some(Ok("04".to_owned())));
    slow.answer(one_key());
    assert_eq!(results.recv().await, Some(Ok("01".to_owned())));
    assert_eq!(results.recv().await, None);
}

#[tokio::test]
async fn as_many_are_under_way_as_the_caller_says() {
    for (concurrency, most) in [(Some(1), 1), (Some(4), 4), (None, 8), (Some(99), 20)] {
        let mut server = ByHand::start().await;
        let client = builder_at(server.base_url()).build().unwrap();
        let mut bulk = client.bulk();
        if let Some(concurrency) = concurrency {
            bulk = bulk.concurrency(concurrency);
        }
        let mut run = bulk.run(hashes(20), pause);
        let run = tokio::spawn(async move {
            while let Some(result) = run.next().await {
                result.unwrap();
            }
        });
        let mut held = server.several(most).await;
        server.nothing_more().await;
        for _ in most..20 {
            held.remove(0).answer(one_key());
            held.push(server.next().await);
            server.nothing_more().await;
        }
        answer_all(held, &one_key());
        run.await.unwrap();
        assert_eq!(server.most(), most);
    }
}

#[tokio::test]
async fn a_429_halves_how_many_are_under_way() {
    let mut server = ByHand::start().await;
    // Without a pause, which would hide it.
    let at_once = RetryPolicy::none().min_backoff(Duration::ZERO);
    let client = builder_at(server.base_url())
        .retry(at_once.max_backoff(Duration::ZERO))
        .build()
        .unwrap();
    let mut results = in_a_task(&client, 8, hashes(99));
    let mut held = server.several(8).await;
    held.remove(0).answer(error(429, "busy"));
    assert_eq!(results.recv().await, Some(Err("01".to_owned())));
    // Seven are too many, until four are left.
    for _ in 0..3 {
        held.remove(0).answer(one_key());
        results.recv().await.unwrap().unwrap();
        server.nothing_more().await;
    }
    held.remove(0).answer(one_key());
    held.push(server.next().await);
    server.nothing_more().await;
    // As long as there is no other, one more comes with each round.
    for _ in 0..12 {
        held.remove(0).answer(one_key());
        held.push(server.next().await);
    }
    held.extend(server.several(1).await);
    assert!(held.len() > 4);
}

/// Between two polls nobody looks at a call, and it comes to its end all the same.
#[tokio::test]
async fn calls_go_on_while_their_caller_does_something_else() {
    let mut server = ByHand::start().await;
    let client = builder_at(server.base_url()).build().unwrap();
    let mut run = client.bulk().concurrency(2).run(hashes(4), pause);
    assert!(polled_once(&mut run).await.is_pending());
    // Each of them twice.
    answer_all(server.several(2).await, &error(500, "down"));
    answer_all(server.several(2).await, &one_key());
    // Only the next two wait for their caller.
    server.nothing_more().await;
    for _ in 0..2 {
        run.next().await.unwrap().unwrap();
    }
}

type Run = BulkStream<std::vec::IntoIter<String>, String, Key, fn(&Client, &String) -> UpdateKey>;

fn run(client: &Client, concurrency: usize, count: usize) -> Run {
    let call: fn(&Client, &String) -> UpdateKey = pause;
    client
        .bulk()
        .concurrency(concurrency)
        .run(hashes(count), call)
}

async fn polled_once<S, T, F>(
    run: &mut BulkStream<S, T, Key, F>,
) -> Poll<Option<Result<(T, Key), BulkError<T>>>>
where
    F: FnMut(&Client, &T) -> UpdateKey,
{
    std::future::poll_fn(|context| Poll::Ready(pin!(run.next()).poll(context))).await
}

/// A `select!` drops the future of `next` again and again.
#[tokio::test]
async fn nothing_is_lost_when_the_future_of_next_is_dropped() {
    let server = Scripted::start(vec![one_key().in_pieces(50); 30]).await;
    let client = client(&server);
    let mut run = run(&client, 4, 30);
    let mut done = Vec::new();
    let mut dropped = 0;
    loop {
        tokio::select! {
            biased;
            result = run.next() => match result {
                Some(result) => done.push(result.unwrap().0),
                None => break,
            },
            () = tokio::task::yield_now() => dropped += 1,
        }
    }
    done.sort();
    assert_eq!(done, hashes(30));
    assert!(dropped > 30, "{dropped}");
    // And it stays at its end.
    assert!(run.next().await.is_none());
}

#[tokio::test]
async fn who_takes_it_apart_can_go_on_later() {
    let mut server = ByHand::start().await;
    let client = builder_at(server.base_url()).build().unwrap();
    let mut first = run(&client, 3, 10);
    assert!(polled_once(&mut first).await.is_pending());
    let mut held = server.several(3).await;
    held.remove(1).answer(one_key());
    let (item, _) = first.next().await.unwrap().unwrap();
    assert_eq!(item, "02");
    assert!(polled_once(&mut first).await.is_pending());
    held.push(server.next().await);

    let (under_way, rest) = first.into_parts();
    assert_eq!(under_way, ["01", "03", "04"]);
    for held in held {
        held.given_up().await;
    }
    assert_eq!(rest.as_slice(), &hashes(10)[4..]);

    let items: Vec<_> = under_way.into_iter().chain(rest).collect();
    let mut results = in_a_task(&client, 9, items.clone());
    answer_all(server.several(9).await, &one_key());
    let mut done = Vec::new();
    while let Some(result) = results.recv().await {
        done.push(result.unwrap());
    }
    done.sort();
    assert_eq!(done, items);
}

#[tokio::test]
async fn a_run_that_is_dropped_cancels_its_calls() {
    let mut server = ByHand::start().await;
    let client = builder_at(server.base_url()).build().unwrap();
    let mut run = run(&client, 3, 10);
    assert!(polled_once(&mut run).await.is_pending());
    let held = server.several(3).await;
    drop(run);
    for held in held {
        held.given_up().await;
    }
    server.nothing_more().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_an_error_like_others() {
    let server = Scripted::start(vec![one_key(); 2]).await;
    let client = client(&server);
    let mut run = client
        .bulk()
        .concurrency(1)
        .run(["01", "..", "02"], |client, hash| {
            client.update(hash).disabled(true)
        });
    assert_eq!(run.next().await.unwrap().unwrap().0, "01");
    let failed = run.next().await.unwrap().unwrap_err();
    assert_eq!(failed.item, Some(".."));
    assert_eq!(failed.error.kind(), ErrorKind::InvalidInput);
    assert_eq!(failed.to_string(), failed.error.to_string());
    assert_eq!(run.next().await.unwrap().unwrap().0, "02");
    assert!(run.next().await.is_none());

    let mut none = client
        .bulk()
        .concurrency(0)
        .run(["01"], |client, hash| client.update(hash).disabled(true));
    let failed = none.next().await.unwrap().unwrap_err();
    assert_eq!(failed.item, None);
    assert_eq!(
        failed.to_string(),
        "invalid `concurrency`: must be at least 1"
    );
    assert!(none.next().await.is_none());
    let (under_way, rest) = none.into_parts();
    assert_eq!((under_way.len(), rest.len()), (0, 1));
}

/// Panics when it is asked to wait.
#[derive(Debug)]
struct Panics;

impl Clock for Panics {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        panic!("a clock that panics, as the test wants it")
    }
}

#[tokio::test]
async fn a_panic_of_a_call_is_its_callers() {
    let server = Scripted::start([error(500, "down"), one_key(), one_key()]).await;
    let client = builder(&server).clock(Panics).build().unwrap();
    let mut run = run(&client, 1, 3);
    let panic = std::future::poll_fn(|context| {
        let mut poll = || pin!(run.next()).poll(context).map(drop);
        match catch_unwind(AssertUnwindSafe(&mut poll)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(())) => Poll::Ready(None),
            Err(panic) => Poll::Ready(Some(panic)),
        }
    });
    let panic = panic.await.expect("the first call panics");
    assert_eq!(
        panic.downcast_ref::<&str>(),
        Some(&"a clock that panics, as the test wants it")
    );
    // The others go on, and nobody knows what became of the first.
    for hash in ["02", "03"] {
        assert_eq!(run.next().await.unwrap().unwrap().0, hash);
    }
    assert!(run.next().await.is_none());
    assert_eq!(run.into_parts().0, ["01"]);
}

/// The calls end with the runtime that they were begun in, and the run says so in another one.
#[test]
fn calls_whose_runtime_ends_are_reported() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let (servers, first) = (runtime(), runtime());
    let server = servers.block_on(Scripted::start([Answer::nothing()]));
    let client = client(&server);
    let mut run = run(&client, 2, 2);
    assert!(first.block_on(polled_once(&mut run)).is_pending());
    drop(first);
    servers.block_on(async {
        for _ in 0..2 {
            let failed = run.next().await.unwrap().unwrap_err();
            assert!(failed.item.is_some());
            assert!(failed.error.maybe_applied(), "{failed}");
            assert_eq!(
                failed.to_string(),
                "update key: the runtime that the call was made in has ended (the server may have done it)"
            );
        }
        assert!(run.next().await.is_none());
    });
}

/// A task of its own has no subscriber of its own accord. Only what begins the calls is polled with it here.
#[tokio::test]
async fn calls_are_traced_where_the_run_is() {
    let server = Scripted::start([one_key(), one_key()]).await;
    let client = client(&server);
    let collector = Collector::default();
    let guard = collector.install();
    let mut run = run(&client, 2, 2);
    assert!(polled_once(&mut run).await.is_pending());
    drop(guard);
    while let Some(result) = run.next().await {
        result.unwrap();
    }
    assert_eq!(collector.closed_spans().len(), 2);
    assert_eq!(collector.events().len(), 2);
}

#[test]
fn a_run_goes_where_its_parts_go() {
    fn goes_anywhere<T: Send + Sync + Unpin>() {}
    fn is_sent<F: Future + Send>(_: impl Fn(KeyStream, Client) -> F) {}
    goes_anywhere::<BulkStream<std::vec::IntoIter<KeyHash>, KeyHash, Key, fn()>>();
    is_sent(|keys, client| async move {
        let delete = |client: &Client, key: &Key| -> DeleteKey { client.delete(&key.hash) };
        let mut run = client.bulk().run_stream(keys, delete);
        run.next().await.is_some()
    });
}
