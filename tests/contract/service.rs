//! The facade against the emulator: the operations do what they say.

use openrouter_keys::{Client, ErrorKind, KeyHash, LimitReset};
use openrouter_keys_emulator::Emulator;

use crate::support::{client_of, emulator};

const OTHER_WORKSPACE: &str = "00000000-0000-4000-8000-000000000042";

async fn service() -> (Emulator, Client) {
    let emulator = emulator(Emulator::builder()).await;
    let client = client_of(&emulator);
    (emulator, client)
}

#[tokio::test]
async fn a_key_is_what_it_was_made_to_be() {
    let (_emulator, client) = service().await;
    let expiry = chrono::Utc::now() + chrono::TimeDelta::days(1);
    let created = client
        .create("Customer 42")
        .limit(12.5)
        .limit_reset(LimitReset::Weekly)
        .include_byok_in_limit(true)
        .expires_at(expiry)
        .workspace_id(OTHER_WORKSPACE)
        .creator_user_id("user_1")
        .external_user("customer-42")
        .send()
        .await
        .unwrap();
    let key = client.get(&created.key.hash).send().await.unwrap();
    assert_eq!(key, created.key);
    assert_eq!(key.name, "Customer 42");
    assert_eq!((key.limit, key.limit_remaining), (Some(12.5), Some(12.5)));
    assert_eq!(key.limit_reset, Some(LimitReset::Weekly));
    assert!(key.include_byok_in_limit && !key.disabled);
    assert_eq!(key.expires_at, Some(expiry));
    assert_eq!(key.workspace_id.as_deref(), Some(OTHER_WORKSPACE));
    assert_eq!(key.creator_user_id.as_deref(), Some("user_1"));
    assert_eq!(key.external_user.as_deref(), Some("customer-42"));
    assert_eq!(key.hash.as_str().parse::<KeyHash>().unwrap(), key.hash);
}

#[tokio::test]
async fn an_update_changes_what_it_mentions_and_nothing_else() {
    let (_emulator, client) = service().await;
    let created = client
        .create("a")
        .limit(50)
        .limit_reset(LimitReset::Daily)
        .send()
        .await
        .unwrap();
    let hash = &created.key.hash;

    let key = client.update(hash).name("b").send().await.unwrap();
    assert_eq!((&*key.name, key.limit), ("b", Some(50.0)));
    assert_eq!(key.limit_reset, Some(LimitReset::Daily));

    let key = client.update(hash).unlimited().send().await.unwrap();
    assert_eq!((key.limit, key.limit_remaining), (None, None));
    assert_eq!(key.limit_reset, Some(LimitReset::Daily));

    let key = client
        .update(hash)
        .limit(0)
        .never_resets()
        .disabled(true)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (key.limit, key.limit_reset, key.disabled),
        (Some(0.0), None, true)
    );
    assert_eq!(key.name, "b");
}

#[tokio::test]
async fn pages_run_from_the_newest_to_the_oldest() {
    let emulator = emulator(Emulator::builder().keys(250)).await;
    let client = client_of(&emulator);
    let mut seen = Vec::new();
    let mut offset = Some(0);
    while let Some(next) = offset {
        let page = client.list().offset(next).send().await.unwrap();
        assert_eq!(page.offset, next);
        offset = page.next_offset();
        seen.extend(page);
        assert!(seen.len() <= 250, "a page came twice");
    }
    assert_eq!(seen.len(), 250);
    assert!(
        seen.windows(2)
            .all(|pair| pair[0].created_at >= pair[1].created_at)
    );
    let distinct: std::collections::HashSet<_> = seen.iter().map(|key| &key.hash).collect();
    assert_eq!(distinct.len(), 250);
    let beyond = client.list().offset(10_000).send().await.unwrap();
    assert_eq!((beyond.keys.len(), beyond.next_offset()), (0, None));
}

/// A key that has expired already, which the facade would refuse to make. No call of ours, so that it goes past any proxy.
async fn create_expired(emulator: &Emulator) {
    let http = openrouter_keys::reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap();
    let answer = http
        .post(format!("{}/keys", emulator.base_url()))
        .bearer_auth(emulator.management_key())
        .body(r#"{"name": "expired", "expires_at": "2020-01-01T00:00:00Z"}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
}

#[tokio::test]
async fn lists_leave_out_what_is_not_asked_for() {
    let (emulator, client) = service().await;
    let disabled = client.create("disabled").send().await.unwrap().key.hash;
    client
        .update(&disabled)
        .disabled(true)
        .send()
        .await
        .unwrap();
    let elsewhere = client
        .create("elsewhere")
        .workspace_id(OTHER_WORKSPACE)
        .send()
        .await
        .unwrap();
    let plain = client.create("plain").send().await.unwrap();
    create_expired(&emulator).await;

    let names = async |list: openrouter_keys::operations::ListKeys| -> Vec<_> {
        let page = list.send().await.unwrap();
        page.keys.into_iter().map(|key| key.name).collect()
    };
    assert_eq!(names(client.list()).await, ["plain"]);
    assert_eq!(
        names(client.list().include_disabled(true)).await,
        ["plain", "disabled"]
    );
    assert_eq!(
        names(client.list().include_expired(true)).await,
        ["expired", "plain"]
    );
    assert_eq!(
        names(client.list().include_all()).await,
        ["expired", "plain", "disabled"]
    );
    assert_eq!(
        names(client.list().workspace_id(OTHER_WORKSPACE)).await,
        ["elsewhere"]
    );
    let default = plain.key.workspace_id.unwrap();
    assert_eq!(names(client.list().workspace_id(&default)).await, ["plain"]);

    client
        .update(&elsewhere.key.hash)
        .workspace_id(default)
        .send()
        .await
        .unwrap();
    assert_eq!(names(client.list()).await, ["plain", "elsewhere"]);
}

#[tokio::test]
async fn an_ordinary_key_sees_itself_and_nothing_else() {
    let (_emulator, client) = service().await;
    let created = client
        .create("a")
        .limit(7)
        .limit_reset("monthly")
        .send()
        .await
        .unwrap();
    let hash = created.key.hash;
    let theirs = client.with_key(created.secret);

    let me = theirs.current().send().await.unwrap();
    assert_eq!((me.is_management_key, me.limit), (Some(false), Some(7.0)));
    assert_eq!(me.label, created.key.label);
    assert_eq!(me.budgets.first(), me.effective_budget.as_ref());
    assert_eq!(
        me.effective_budget.map(|budget| budget.limit_usd),
        Some(7.0)
    );

    for error in [
        theirs.list().send().await.map(drop).unwrap_err(),
        theirs.create("b").send().await.map(drop).unwrap_err(),
        theirs.get(&hash).send().await.map(drop).unwrap_err(),
        theirs
            .update(&hash)
            .unlimited()
            .send()
            .await
            .map(drop)
            .unwrap_err(),
        theirs.delete(&hash).send().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Forbidden, "{error}");
        assert!(!error.maybe_applied() && !error.is_retryable());
        assert_eq!((error.code(), error.attempts()), (Some(403), 1));
    }

    client.update(&hash).disabled(true).send().await.unwrap();
    let error = theirs.current().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
}

#[tokio::test]
async fn what_is_gone_is_not_found() {
    let (_emulator, client) = service().await;
    let hash = client.create("a").send().await.unwrap().key.hash;
    client.delete(&hash).send().await.unwrap();
    for error in [
        client.get(&hash).send().await.map(drop).unwrap_err(),
        client
            .update(&hash)
            .disabled(true)
            .send()
            .await
            .map(drop)
            .unwrap_err(),
        client.delete(&hash).send().await.unwrap_err(),
    ] {
        assert!(error.is_not_found() && !error.maybe_applied(), "{error}");
        assert_eq!(error.message(), Some("Resource not found"));
    }
}

#[tokio::test]
async fn a_partner_brings_a_key() {
    const PARTNER_KEY: &str = "a-partner-s-own-key-not-a-real-one";
    let (_emulator, client) = service().await;
    let create = client
        .create("a")
        .external_user_with_key("customer-42", PARTNER_KEY);
    let created = create.send().await.unwrap();
    let theirs = client.with_key(PARTNER_KEY).current().send().await.unwrap();
    assert_eq!(theirs.label, created.key.label);
}

#[tokio::test]
async fn the_head_of_an_answer_is_there_for_those_who_ask() {
    let (_emulator, client) = service().await;
    let response = client.create("a").send_with_response().await.unwrap();
    assert_eq!(response.status(), 201);
    assert!(response.headers().contains_key("content-type"));
    let hash = response.into_inner().key.hash;
    assert_eq!(
        client
            .delete(&hash)
            .send_with_response()
            .await
            .unwrap()
            .status(),
        200
    );
}

/// What is kept in a struct, sent to a task or put into a `Box<dyn Error + Send + Sync>` can be.
#[test]
fn public_types_cross_threads() {
    use openrouter_keys::operations::{
        CreateKey, DeleteKey, GetCurrentKey, GetKey, ListKeys, UpdateKey,
    };
    use openrouter_keys::{Created, CurrentKey, Error, Key, Page, Response, RetryPolicy, Salvaged};

    fn crosses<T: Send + Sync + 'static>() {}
    fn clones<T: Clone + Send + Sync + 'static>() {}
    clones::<(Client, RetryPolicy, Key, CurrentKey, Page, KeyHash)>();
    clones::<(
        CreateKey,
        GetKey,
        UpdateKey,
        DeleteKey,
        ListKeys,
        GetCurrentKey,
    )>();
    crosses::<(Created, Error, Salvaged, Response<Created>)>();
}

/// Builders are values that may cross threads.
#[tokio::test]
async fn calls_are_send_and_static() {
    let (_emulator, client) = service().await;
    let tasks: Vec<_> = (0..8)
        .map(|number| tokio::spawn(client.create(format!("key {number}")).send()))
        .collect();
    let mut hashes = std::collections::HashSet::new();
    for task in tasks {
        hashes.insert(task.await.unwrap().unwrap().key.hash);
    }
    assert_eq!(hashes.len(), 8);
}
