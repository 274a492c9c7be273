//! The requests carry secrets in the one place each that they belong to.

use crate::support::{PARTNER_KEY, Scripted, TOKEN, assert_clean, client, created};

#[tokio::test]
async fn a_secret_is_in_no_url_and_in_no_other_header() {
    let server = Scripted::start([created()]).await;
    let create = client(&server)
        .create("a")
        .external_user_with_key("u", PARTNER_KEY);
    create.send().await.unwrap();
    let request = server.only_request();
    assert_clean("the target", &request.target);
    for (name, value) in &request.headers {
        if name != "authorization" {
            assert_clean(name, value);
        }
    }
    let authorization = request.header("authorization");
    assert_eq!(authorization, Some(&*format!("Bearer {TOKEN}")));
    assert_eq!(request.json()["external"]["api_key"], PARTNER_KEY);
}
