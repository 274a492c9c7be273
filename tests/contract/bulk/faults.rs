//! Thousands of calls, of which many go wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use openrouter_keys::{Client, ErrorKind, KeyHash, RetryPolicy};
use openrouter_keys_emulator::{Emulator, Fault, Route};

use crate::support::{VirtualClock, client_of};

const KEYS: usize = 2000;
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What goes wrong with the `number`th call that goes wrong.
fn fault(number: usize) -> Fault {
    let fault = match number % 6 {
        0 => Fault::status(429).retry_after(Duration::from_secs(1)),
        1 => Fault::status(500),
        2 => Fault::reset_before_response(),
        3 => Fault::commit_then_reset(),
        4 => Fault::truncate_body(40),
        _ => Fault::commit_then_status(502),
    };
    fault.on(Route::Update)
}

/// All keys by their hashes: whether each is disabled.
async fn disabled(client: &Client) -> BTreeMap<String, bool> {
    let mut keys = client.list().include_all().stream();
    let mut disabled = BTreeMap::new();
    while let Some(key) = keys.next().await {
        let key = key.unwrap();
        disabled.insert(key.hash.to_string(), key.disabled);
    }
    disabled
}

/// A tenth of the requests fails, some calls have one attempt only, and some hashes name nothing.
#[tokio::test]
async fn every_item_is_reported_once_and_the_state_agrees() {
    let emulator = Emulator::builder().keys(KEYS).start().await.unwrap();
    let observer = client_of(&emulator);
    let client = Client::builder()
        .base_url(emulator.base_url())
        .management_key(emulator.management_key())
        // Waits move it on, for all calls at once: none shall run out of time by that.
        .clock(VirtualClock::new())
        .attempt_timeout(A_DAY)
        .timeout(A_DAY)
        .build()
        .unwrap();
    let mut items: Vec<_> = disabled(&observer).await.into_keys().collect();
    assert_eq!(items.len(), KEYS);
    for at in (0..KEYS).step_by(50) {
        let unknown = KeyHash::try_from(format!("{at:064}")).unwrap();
        items.insert(at, unknown.to_string());
        items.insert(at, format!("no/{at}"));
    }
    let every: BTreeSet<_> = items.iter().cloned().collect();

    let mut begun = 0;
    let mut run = client
        .bulk()
        .concurrency(16)
        .run(items.clone(), |client, hash| {
            begun += 1;
            if begun % 10 == 0 {
                emulator.inject(fault(begun / 10));
            }
            let update = client.update(hash).disabled(true);
            if begun % 7 == 0 {
                update.retry(RetryPolicy::none())
            } else {
                update
            }
        });
    let mut succeeded = BTreeSet::new();
    let mut failed = BTreeMap::new();
    while let Some(result) = run.next().await {
        let is_new = match result {
            Ok((hash, key)) => {
                assert_eq!(key.hash.as_str(), hash);
                succeeded.insert(hash)
            }
            Err(failure) => {
                let hash = failure.item.expect("nothing else can fail");
                failed.insert(hash, failure.error).is_none()
            }
        };
        assert!(is_new, "reported twice");
    }
    drop(run);

    let reported: BTreeSet<_> = succeeded.iter().chain(failed.keys()).cloned().collect();
    assert_eq!(succeeded.len() + failed.len(), every.len());
    assert_eq!(reported, every);
    let after = disabled(&observer).await;
    let mut named = BTreeMap::<_, usize>::new();
    for (hash, error) in &failed {
        *named.entry(format!("{:?}", error.kind())).or_default() += 1;
        let is_disabled = after.get(hash).copied().unwrap_or(false);
        assert!(!is_disabled || error.maybe_applied(), "{hash}: {error}");
        let is_key = after.contains_key(hash);
        let is_nonsense = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput);
        // A fault may strike what is nonsense, too.
        assert!(!(is_key && is_nonsense), "{error}");
    }
    for (hash, is_disabled) in &after {
        assert!(failed.contains_key(hash) || *is_disabled, "{hash}");
    }
    // Every sort of failure has reached somebody, and most were got over.
    assert_eq!(named["InvalidInput"], 40);
    for kind in ["Connect", "NotFound", "RateLimited", "Server"] {
        assert!(named[kind] > 0, "{named:?}");
    }
    assert!(succeeded.len() > KEYS - 110, "{named:?}");
}
