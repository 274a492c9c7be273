//! What a `KeyStream` is to those who hold one.

use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use futures_core::Stream;
use openrouter_keys::{Error, ErrorKind, Key, RetryPolicy};

use crate::support::listing::{delete, exactly, hash, offsets, page, service, take};
use crate::support::{Answer, Scripted, client, error};

/// Whatever implements `Stream`, to its end.
async fn collect<S: Stream<Item = Result<Key, Error>> + Unpin>(
    mut stream: S,
) -> Vec<Result<Key, Error>> {
    let mut items = Vec::new();
    while let Some(item) =
        std::future::poll_fn(|context| Pin::new(&mut stream).poll_next(context)).await
    {
        items.push(item);
    }
    items
}

#[tokio::test]
async fn it_is_a_stream_that_may_be_sent_to_a_task() {
    let (_emulator, client, hashes) = service(230).await.unwrap();
    let keys = tokio::spawn(collect(client.list().stream())).await.unwrap();
    let came: Vec<_> = keys.into_iter().map(|key| key.unwrap().hash).collect();
    assert_eq!(came, hashes);

    let mut stream = client.list().stream();
    let task = tokio::spawn(async move { take(&mut stream, usize::MAX).await });
    assert_eq!(task.await.unwrap().unwrap(), hashes);
}

#[tokio::test]
async fn small_listings_take_few_requests() {
    for (keys, pages) in [
        (0, vec![page(0..0)]),
        (1, vec![page(0..1)]),
        (99, vec![page(0..99)]),
        // It could be a full page of a server that halved its pages.
        (50, vec![page(0..50), page(48..50)]),
        (100, vec![page(0..100), page(98..100)]),
        (150, vec![page(0..100), page(98..150), page(148..150)]),
        (200, vec![page(0..100), page(98..198), page(196..200)]),
    ] {
        let requests = pages.len();
        let server = Scripted::start(pages).await;
        let came = take(&mut client(&server).list().stream(), usize::MAX)
            .await
            .unwrap();
        exactly(&came, &(0..keys).map(hash).collect::<Vec<_>>()).unwrap();
        assert_eq!(server.requests().len(), requests, "{keys}");
    }
}

#[tokio::test]
async fn every_request_is_what_the_builder_was_told() {
    let server = Scripted::start([page(0..100), page(98..150), page(148..150)]).await;
    let list = client(&server)
        .list()
        .include_disabled(true)
        .offset(300)
        .header("X-Own", "a");
    take(&mut list.stream(), usize::MAX).await.unwrap();
    assert_eq!(offsets(&server), [Some(300), Some(398), Some(448)]);
    for request in server.requests() {
        assert!(
            request.target.contains("include_disabled=true"),
            "{request:?}"
        );
        assert_eq!(request.header("x-own"), Some("a"));
    }
}

#[tokio::test]
async fn an_offset_is_where_it_begins() {
    let (_emulator, client, hashes) = service(350).await.unwrap();
    let mut stream = client.list().offset(120).stream();
    let mut came = take(&mut stream, 100).await.unwrap();
    delete(&client, &hashes[100..125]).await.unwrap();
    let _ = client.create("made meanwhile").send().await.unwrap();
    came.extend(take(&mut stream, usize::MAX).await.unwrap());
    exactly(&came, &hashes[120..]).unwrap();
}

/// Keys may be deleted by the one who lists them.
#[tokio::test]
async fn every_key_comes_although_it_is_deleted_at_once() {
    let (_emulator, client, hashes) = service(250).await.unwrap();
    let mut stream = client.list().stream();
    let mut came = Vec::new();
    while let Some(key) = stream.next().await {
        came.push(key.unwrap().hash);
        delete(&client, &came[came.len() - 1..]).await.unwrap();
    }
    exactly(&came, &hashes).unwrap();
}

/// A future that is asked once and then dropped.
async fn ask_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test]
async fn nothing_is_lost_when_the_future_of_next_is_dropped() {
    let server = Scripted::start([page(0..100), page(98..150), page(148..150)]).await;
    let mut stream = client(&server).list().stream();
    let mut came = Vec::new();
    let mut dropped = 0;
    loop {
        match ask_once(stream.next()).await {
            None => {
                dropped += 1;
                tokio::task::yield_now().await;
            }
            Some(Some(key)) => came.push(key.unwrap().hash),
            Some(None) => break,
        }
    }
    exactly(&came, &(0..150).map(hash).collect::<Vec<_>>()).unwrap();
    assert!(dropped >= 3, "{dropped}");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn an_error_is_the_last_thing_that_comes() {
    let failing = || error(500, "no");
    let server =
        Scripted::start([page(0..100), failing(), failing(), failing(), page(98..150)]).await;
    let mut stream = client(&server).list().stream();
    assert_eq!(take(&mut stream, 100).await.unwrap().len(), 100);
    let failure = stream.next().await.unwrap().unwrap_err();
    assert_eq!((failure.kind(), failure.attempts()), (ErrorKind::Server, 3));
    assert!(stream.next().await.is_none() && stream.next().await.is_none());
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn each_page_is_tried_as_often_as_the_builder_says() {
    let failing = || error(500, "no");
    let script = || {
        [
            failing(),
            page(0..100),
            failing(),
            page(98..150),
            failing(),
            page(148..150),
        ]
    };
    let server = Scripted::start(script()).await;
    let list = client(&server).list();
    let came = take(&mut list.clone().stream(), usize::MAX).await.unwrap();
    exactly(&came, &(0..150).map(hash).collect::<Vec<_>>()).unwrap();

    let server = Scripted::start(script()).await;
    let list = client(&server).list().retry(RetryPolicy::none());
    let items = collect(list.stream()).await;
    assert_eq!((items.len(), server.requests().len()), (1, 1));
    assert!(items[0].is_err());
}

#[tokio::test]
async fn a_page_that_does_not_come_in_time_is_an_error() {
    let server = Scripted::start([page(0..100), Answer::raw("").then_stall()]).await;
    let limit = Duration::from_secs(1);
    let list = client(&server)
        .list()
        .timeout(limit)
        .retry(RetryPolicy::none());
    let items = collect(list.stream()).await;
    assert_eq!(items.len(), 101);
    let failure = items.into_iter().last().unwrap().unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Timeout, "{failure}");
}

#[tokio::test]
async fn an_argument_that_makes_no_sense_is_an_error_before_anything_is_sent() {
    let server = Scripted::start([]).await;
    let items = collect(client(&server).list().workspace_id("nonsense").stream()).await;
    assert_eq!((items.len(), server.requests().len()), (1, 0));
    let failure = items.into_iter().last().unwrap().unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::InvalidInput);
    assert!(failure.to_string().contains("workspace_id"), "{failure}");
}

#[tokio::test]
async fn a_stream_prints_no_secret() {
    let server = Scripted::start([page(0..100)]).await;
    let mut stream = client(&server).list().header("X-Own", "canary").stream();
    let before = format!("{stream:?} {stream:#?}");
    assert!(ask_once(stream.next()).await.is_none(), "it is under way");
    let under_way = format!("{stream:?} {stream:#?}");
    take(&mut stream, 1).await.unwrap();
    let after = format!("{stream:?} {stream:#?}");
    for printed in [before, under_way, after] {
        assert!(
            printed.contains("KeyStream") && !printed.contains("canary"),
            "{printed}"
        );
    }
}
