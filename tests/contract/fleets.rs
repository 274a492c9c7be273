//! Listings of many keys: pages that are fetched ahead, whole pages, several workspaces.

use std::collections::HashSet;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_core::Stream as _;
use openrouter_keys::{Clock, ErrorKind, KeyHash};
use openrouter_keys_emulator::Route;
use tokio::sync::Notify;

use crate::support::listing::{
    delete, exactly, hash, offsets, once, page, page_at, page_of, parameter, service, start, take,
};
use crate::support::{Answer, Request, Scripted, builder, client, error, news_travels, no_waits};

/// A server with so many keys that lets the client ask for all it wants to before it answers.
async fn fleet(keys: u32) -> Scripted {
    Scripted::start_by(move |request, _| page_at(keys, start(request)).settled_first()).await
}

fn hashes(keys: u32) -> Vec<KeyHash> {
    (0..keys).map(hash).collect()
}

#[tokio::test]
async fn as_many_pages_are_fetched_at_once_as_the_listing_may() {
    for (concurrency, keys, most) in [(None, 4000, 8), (Some(1), 1000, 1), (Some(20), 9000, 20)] {
        let server = fleet(keys).await;
        let list = client(&server).list();
        let list = match concurrency {
            None => list,
            Some(pages) => list.concurrency(pages),
        };
        let came = take(&mut list.stream(), usize::MAX).await.unwrap();
        exactly(&came, &hashes(keys)).unwrap();
        assert_eq!(server.most_under_way(), most, "{concurrency:?}");
        // The last is asked for twice, and what was ahead of it in vain.
        let needed = keys.div_ceil(98) as usize + 1;
        let requests = server.requests().len();
        assert!(requests <= needed + most, "{requests} for {needed}");
    }
}

/// One more with each page that comes, after three that come by themselves.
#[tokio::test]
async fn the_longer_it_goes_on_the_more_are_fetched_at_once() {
    let server = fleet(1000).await;
    let mut stream = client(&server).list().stream();
    let mut asked = Vec::new();
    for _ in 0..7 {
        take(&mut stream, if asked.is_empty() { 100 } else { 98 })
            .await
            .unwrap();
        // They are asked for on tasks of their own.
        news_travels().await;
        asked.push(server.requests().len());
    }
    assert_eq!(asked, [1, 2, 3, 5, 7, 9, 11]);
}

/// After a 429 it is half as many, and then one more with each round.
#[tokio::test]
async fn a_429_halves_what_is_fetched_at_once() {
    let is_limited = Arc::new(AtomicBool::new(false));
    let limited = Arc::clone(&is_limited);
    let server = Scripted::start_by(move |request, _| {
        let offset = start(request);
        if offset == 98 * 15 && !limited.swap(true, Ordering::SeqCst) {
            return error(429, "slow down").settled_first();
        }
        page_at(4000, offset).settled_first()
    })
    .await;
    let client = no_waits(builder(&server)).build().unwrap();
    let mut pages = client.list().pages();
    let mut under_way = Vec::new();
    for page in 1..=30 {
        pages.next().await.unwrap().unwrap();
        // They are asked for on tasks of their own.
        news_travels().await;
        // The 429 and its repetition are one of them.
        let repeated = usize::from(is_limited.load(Ordering::SeqCst));
        under_way.push(server.requests().len() - page - repeated);
    }
    assert_eq!(under_way[..9], [0, 0, 0, 1, 2, 3, 4, 5, 6]);
    // When the one that was limited is repeated is a matter of real time; the page that shows it is taken then.
    assert_eq!(under_way[11..23], [7, 6, 5, 4, 3, 3, 3, 3, 3, 3, 3, 3]);
    assert_eq!(under_way[23..], [4, 4, 4, 4, 4, 5, 5]);
}

#[tokio::test]
async fn what_is_under_way_ends_with_the_stream() {
    let stalling = Arc::new(Notify::new());
    let stalls = Arc::clone(&stalling);
    let server = Scripted::start_by(move |request, _| match start(request) {
        offset @ 0..300 => page_at(1000, offset),
        _ => Answer::raw("").then_notify(&stalls).then_stall(),
    })
    .await;
    let mut stream = client(&server).list().stream();
    take(&mut stream, 296).await.unwrap();
    tokio::select! {
        biased;
        () = stalling.notified() => {}
        _ = stream.next() => panic!("there is no answer"),
    }
    drop(stream);
    // Two requests were under way, on connections of their own.
    server.connections_ended(2).await;
}

/// A clock that panics at one of its waits.
#[derive(Debug)]
struct Panics {
    waits_before: AtomicUsize,
}

impl Clock for Panics {
    fn timeout(&self, limit: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let before = self.waits_before.fetch_sub(1, Ordering::SeqCst);
        assert!(before > 0, "as the test wants it");
        Box::pin(tokio::time::sleep(limit))
    }
}

#[tokio::test]
async fn a_panic_of_a_request_is_the_callers_and_ends_the_listing() {
    let server = fleet(1000).await;
    let waits_before = AtomicUsize::new(2);
    let clock = Panics { waits_before };
    let client = builder(&server).clock(clock).build().unwrap();
    let mut stream = client.list().stream();
    assert_eq!(take(&mut stream, 198).await.unwrap().len(), 198);
    let panic = poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| {
            Pin::new(&mut stream).poll_next(context)
        }));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(key)) => panic!("{key:?}"),
            Err(panic) => Poll::Ready(panic),
        }
    });
    let panic = panic.await;
    assert_eq!(panic.downcast_ref(), Some(&"as the test wants it"));
    assert!(stream.next().await.is_none());
}

/// A page that was fetched in vain, or too early, is not talked about.
#[tokio::test]
async fn an_error_comes_after_the_keys_before_it_and_only_if_it_matters() {
    let failing = |from: u64, keys: u32| {
        Scripted::start_by(move |request, _| match start(request) {
            offset if offset < from => page_at(keys, offset).settled_first(),
            _ => error(400, "no"),
        })
    };
    // Behind the end, which is at 350.
    let server = failing(360, 350).await;
    let came = take(&mut client(&server).list().stream(), usize::MAX).await;
    exactly(&came.unwrap(), &hashes(350)).unwrap();
    assert!(offsets(&server).contains(&Some(392)), "in vain");

    // Within: the pages at 392 and 490 are asked for at once, and the first one is good.
    let server = failing(490, 1000).await;
    let mut stream = client(&server).list().stream();
    let came = take(&mut stream, 492).await.unwrap();
    exactly(&came, &hashes(492)).unwrap();
    let failure = stream.next().await.unwrap().unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::BadRequest);
    assert!(stream.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_keys_while_others_come_and_go() {
    let (emulator, client, hashes) = service(10_000).await.unwrap();
    let others = tokio::spawn({
        let client = client.clone();
        // Every 97th of those that were there, and most of the new ones.
        let gone: Vec<_> = hashes.iter().step_by(97).cloned().collect();
        async move {
            for (number, hash) in gone.iter().enumerate() {
                let create = client.create(format!("made meanwhile {number}"));
                let created = create.send().await.unwrap();
                delete(&client, std::slice::from_ref(hash)).await.unwrap();
                if number % 3 > 0 {
                    delete(&client, &[created.key.hash]).await.unwrap();
                }
            }
            gone
        }
    });
    let mut listings = Vec::new();
    while !others.is_finished() || listings.is_empty() {
        let came = take(&mut client.list().stream(), usize::MAX).await;
        listings.push(came.unwrap());
    }
    println!("{} listings meanwhile", listings.len());
    let gone: HashSet<_> = others.await.unwrap().into_iter().collect();
    let stayed = |hash: &KeyHash| !gone.contains(hash);
    let known: HashSet<_> = hashes.iter().collect();
    let expected: Vec<_> = hashes.iter().filter(|hash| stayed(hash)).cloned().collect();
    for mut came in listings {
        once(&came).unwrap();
        came.retain(|hash| known.contains(hash) && stayed(hash));
        exactly(&came, &expected).unwrap();
    }
    assert!(emulator.requests(Route::List) > 200);
}

/// What servers do that do not do what the API documents, with pages fetched ahead: the exact result, or the error that says
/// that it cannot be told, and soon.
#[tokio::test]
async fn a_server_that_misbehaves_gives_the_exact_result_or_an_error() {
    const KEYS: u32 = 2000;
    type Rule = fn(&Request, usize) -> Answer;
    let cases: [(&str, Rule, bool); 6] = [
        (
            "the oldest first",
            |request, _| {
                let first = u32::try_from(start(request)).unwrap().min(KEYS);
                page((first..(first + 100).min(KEYS)).map(|row| KEYS - 1 - row))
            },
            true,
        ),
        ("the offset is ignored", |_, _| page_at(KEYS, 0), false),
        (
            "pages become smaller",
            |request, number| {
                let size = if number < 8 { 100 } else { 40 };
                page_of(size, KEYS, start(request))
            },
            true,
        ),
        (
            "pages become larger",
            |request, number| {
                let size = if number < 8 { 100 } else { 250 };
                page_of(size, KEYS, start(request))
            },
            true,
        ),
        (
            "the same page for ever",
            |request, _| page_at(KEYS, start(request).min(490)),
            false,
        ),
        (
            "nothing after some pages",
            |request, _| match start(request) {
                offset @ 0..600 => page_at(KEYS, offset),
                _ => page(0..0),
            },
            false,
        ),
    ];
    for (name, rule, is_complete) in cases {
        let server = Scripted::start_by(rule).await;
        let mut stream = client(&server).list().stream();
        let mut came = Vec::new();
        let end = loop {
            match stream.next().await {
                Some(Ok(key)) => came.push(key.hash),
                Some(Err(error)) => break Some(error),
                None => break None,
            }
        };
        once(&came).unwrap();
        match end {
            None => {
                came.sort_unstable();
                exactly(&came, &hashes(KEYS)).unwrap();
            }
            Some(error) => assert_eq!(error.kind(), ErrorKind::Listing, "{name}"),
        }
        assert_eq!(came.len() == KEYS as usize, is_complete, "{name}");
        let requests = server.requests();
        assert!(requests.len() <= 80, "{name}: {}", requests.len());
        assert!(
            requests.iter().all(|request| start(request) <= 2500),
            "{name}"
        );
    }
}

#[tokio::test]
async fn pages_have_the_keys_that_no_page_before_them_had() {
    let server = fleet(250).await;
    let mut pages = client(&server).list().pages();
    let mut sizes = Vec::new();
    let mut came = Vec::new();
    while let Some(keys) = pages.next().await {
        let keys = keys.unwrap();
        sizes.push(keys.len());
        came.extend(keys.into_iter().map(|key| key.hash));
    }
    assert_eq!(sizes, [100, 98, 52]);
    exactly(&came, &hashes(250)).unwrap();
    assert!(pages.next().await.is_none());

    let server = fleet(0).await;
    assert!(client(&server).list().pages().next().await.is_none());
}

#[tokio::test]
async fn all_keys_at_once_are_all_keys_or_the_error() {
    let server = fleet(1000).await;
    let keys = client(&server).list().collect_all().await.unwrap();
    let came: Vec<_> = keys.into_iter().map(|key| key.hash).collect();
    exactly(&came, &hashes(1000)).unwrap();

    let server = Scripted::start([page(0..100), error(403, "no")]).await;
    let failure = client(&server).list().collect_all().await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Forbidden);
}

fn workspace(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

#[tokio::test]
async fn workspaces_are_listed_one_after_the_other_and_each_key_says_its_own() {
    // The first has 250 keys, the second none, the third 3; their keys do not say where they are.
    let server = Scripted::start_by(|request, _| {
        let keys = match parameter(request, "workspace_id") {
            Some(id) if id.ends_with('1') => 250,
            Some(id) if id.ends_with('3') => 3,
            Some(_) => 0,
            None => panic!("whose keys?"),
        };
        assert_eq!(parameter(request, "include_disabled"), Some("true"));
        page_at(keys, start(request))
    })
    .await;
    let ids = [1, 2, 3, 1].map(workspace);
    let list = client(&server).list().include_disabled(true);
    let keys = list.workspaces(ids).collect_all().await.unwrap();
    let came: Vec<_> = keys.iter().map(|key| key.hash.clone()).collect();
    assert_eq!(came, [hashes(250), hashes(3)].concat());
    let workspaces = keys.iter().map(|key| key.workspace_id.clone().unwrap());
    let mut workspaces: Vec<_> = workspaces.collect();
    workspaces.dedup();
    assert_eq!(workspaces, [workspace(1), workspace(3)]);
    assert_eq!(server.requests().len(), 4 + 1 + 1);
}

#[tokio::test]
async fn a_key_that_says_where_it_is_is_believed() {
    let (_emulator, client, _) = service(0).await.unwrap();
    for number in [1, 2] {
        let create = client.create(format!("{number}"));
        let _ = create.workspace_id(workspace(number)).send().await.unwrap();
    }
    let list = client.list().workspaces([2, 1].map(workspace));
    let keys = list.collect_all().await.unwrap();
    let found: Vec<_> = keys
        .iter()
        .map(|key| (key.name.as_str(), key.workspace_id.as_deref().unwrap()))
        .collect();
    assert_eq!(found, [("2", &*workspace(2)), ("1", &*workspace(1))]);

    // One that was moved meanwhile.
    let elsewhere = Scripted::start([crate::support::page()]).await;
    let list = crate::support::client(&elsewhere)
        .list()
        .workspaces([workspace(7)]);
    let keys = list.collect_all().await.unwrap();
    assert_eq!(keys[0].workspace_id, Some(workspace(0)));
}

/// They are hexadecimal numbers, and one is the same in both cases.
#[tokio::test]
async fn a_workspace_in_capitals_is_no_other() {
    let server = fleet(3).await;
    let id = "abcdef00-0000-4000-8000-000000000000";
    let list = client(&server).list();
    let list = list.workspaces([id.to_owned(), id.to_uppercase()]);
    assert_eq!(list.collect_all().await.unwrap().len(), 3);
    assert_eq!(server.requests().len(), 1);
}

/// What is more than 256 is 256, whatever it is.
#[tokio::test]
async fn there_is_no_concurrency_that_is_too_much() {
    let server = fleet(1000).await;
    let client = builder(&server).max_in_flight(usize::MAX).build().unwrap();
    let list = client.list().concurrency(usize::MAX);
    assert_eq!(list.collect_all().await.unwrap().len(), 1000);
}

#[tokio::test]
async fn no_workspace_is_no_key_and_no_request() {
    let server = fleet(10).await;
    let list = client(&server).list().workspaces(Vec::<String>::new());
    assert_eq!(list.collect_all().await.unwrap(), []);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn arguments_that_do_not_go_together_are_an_error_before_anything_is_sent() {
    let server = Scripted::start([]).await;
    let list = || client(&server).list();
    let workspaces = || list().workspaces([workspace(1)]);
    let cases = [
        ("concurrency", list().concurrency(0)),
        ("workspace_id", workspaces().workspace_id(workspace(2))),
        ("offset", workspaces().offset(100)),
        ("workspace_id", list().workspaces(["nonsense"])),
    ];
    for (argument, list) in cases {
        let mut stream = list.stream();
        let failure = stream.next().await.unwrap().unwrap_err();
        assert_eq!(failure.kind(), ErrorKind::InvalidInput, "{argument}");
        assert!(failure.to_string().contains(argument), "{failure}");
        assert!(stream.next().await.is_none());
    }
    // A page is one workspace's.
    let failure = workspaces().send().await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::InvalidInput);
    assert!(failure.to_string().contains("workspaces"), "{failure}");
    assert!(server.requests().is_empty());
}
