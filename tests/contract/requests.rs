//! What every builder sends, with as little and as much as it can be told.

use chrono::{TimeZone as _, Utc};
use insta::assert_snapshot;
use openrouter_keys::{Client, LimitReset};

use crate::support::{
    Answer, HASH, PARTNER_KEY, Scripted, TOKEN, client, created, current_key, deleted, one_key,
    page,
};

const WORKSPACE: &str = "00000000-0000-4000-8000-000000000042";

/// The request that `call` makes of a server that answers with `answer`.
async fn sent(answer: Answer, call: impl AsyncFnOnce(Client)) -> String {
    let server = Scripted::start([answer]).await;
    call(client(&server)).await;
    server.only_request().render()
}

#[tokio::test]
async fn create_with_few() {
    let request = sent(created(), async |client| {
        let _ = client.create("Customer 42").send().await.unwrap();
    });
    assert_snapshot!(request.await);
}

#[tokio::test]
async fn create_with_all() {
    let request = sent(created(), async |client| {
        let _ = client
            .create("Customer 42")
            .limit(12.5)
            .limit_reset(LimitReset::Weekly)
            .include_byok_in_limit(true)
            .expires_at(Utc.with_ymd_and_hms(2099, 12, 31, 23, 59, 59).unwrap())
            .workspace_id(WORKSPACE)
            .creator_user_id("user_1")
            .external_user_with_key("customer-42", PARTNER_KEY)
            .header("X-Extra", "yes")
            .send()
            .await
            .unwrap();
    });
    assert_snapshot!(request.await);
}

#[tokio::test]
async fn create_with_nulls() {
    let request = sent(created(), async |client| {
        let create = client
            .create("Customer 42")
            .unlimited()
            .never_resets()
            .never_expires();
        let _ = create.external_user("customer-42").send().await.unwrap();
    });
    assert_snapshot!(request.await);
}

#[tokio::test]
async fn get() {
    let request = sent(one_key(), async |client| {
        client.get(HASH).send().await.unwrap();
    });
    assert_snapshot!(request.await);
}

#[tokio::test]
async fn update_with_few() {
    let request = sent(one_key(), async |client| {
        client
            .update(HASH)
            .name("Customer 42 (paused)")
            .send()
            .await
            .unwrap();
    });
    assert_snapshot!(request.await);
}

#[tokio::test]
async fn update_with_all() {
    let request = sent(one_key(), async |client| {
        client
            .update(HASH)
            .name("Customer 42")
            .disabled(false)
            .limit(0)
            .limit_reset("hourly")
            .include_byok_in_limit(false)
            .workspace_id(WORKSPACE)
            .send()
            .await
            .unwrap();
    });
    assert_snapshot!(request.await);
}

#[tokio::test]
async fn update_with_nulls() {
    let request = sent(one_key(), async |client| {
        client
            .update(HASH)
            .unlimited()
            .never_resets()
            .send()
            .await
            .unwrap();
    });
    assert_snapshot!(request.await);
}

#[tokio::test]
async fn delete() {
    let request = sent(deleted(), async |client| {
        client.delete(HASH).send().await.unwrap();
    });
    assert_snapshot!(request.await);
}

#[tokio::test]
async fn list_with_few() {
    let request = sent(page(), async |client| {
        client.list().send().await.unwrap();
    });
    assert_snapshot!(request.await);
}

#[tokio::test]
async fn list_with_all() {
    let request = sent(page(), async |client| {
        let list = client
            .list()
            .include_all()
            .offset(200)
            .workspace_id(WORKSPACE);
        list.send().await.unwrap();
    });
    assert_snapshot!(request.await);
}

#[tokio::test]
async fn current() {
    let request = sent(current_key(), async |client| {
        client.current().send().await.unwrap();
    });
    assert_snapshot!(request.await);
}

#[tokio::test]
async fn attribution_and_a_user_agent_of_ones_own() {
    let server = Scripted::start([current_key()]).await;
    let client = Client::builder()
        .base_url(server.base_url())
        .management_key(TOKEN)
        .user_agent("key-desk/1.0")
        .app_url("https://key-desk.example")
        .app_title("Key desk")
        .app_categories(["cli-agent", "cloud-agent"])
        .build()
        .unwrap();
    client.current().send().await.unwrap();
    assert_snapshot!(server.only_request().render());
}

/// The last of several contradicting setters counts, and a clone of a builder is a builder of its own.
#[tokio::test]
async fn builders_are_templates() {
    let server = Scripted::start([one_key(), one_key()]).await;
    let template = client(&server).update(HASH).limit(1).limit_reset("daily");
    template.clone().unlimited().send().await.unwrap();
    template.limit(-0.0).send().await.unwrap();
    let bodies: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.json().to_string())
        .collect();
    assert_eq!(
        bodies,
        [
            r#"{"limit":null,"limit_reset":"daily"}"#,
            // Not -0.0.
            r#"{"limit":0.0,"limit_reset":"daily"}"#,
        ]
    );
}

/// A slash at the end of the base URL makes no difference.
#[tokio::test]
async fn a_slash_at_the_end_of_the_base_url() {
    let server = Scripted::start([page(), page()]).await;
    for base_url in [server.base_url(), format!("{}/", server.base_url())] {
        let client = Client::builder()
            .base_url(base_url)
            .management_key(TOKEN)
            .build();
        client.unwrap().list().send().await.unwrap();
    }
    let [one, other] = &server.requests()[..] else {
        panic!("two requests were expected");
    };
    assert_eq!(one.render(), other.render());
}
