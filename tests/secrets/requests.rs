//! The requests carry secrets in the one place each that they belong to.

use serde_json::json;

use crate::support::{
    Answer, HASH, PARTNER_KEY, Scripted, TOKEN, assert_clean, client, created, everything,
};

#[tokio::test]
async fn a_secret_is_in_no_url_and_in_no_other_header() {
    let server = Scripted::start([created()]).await;
    let create = client(&server)
        .create("a")
        .external_user_with_key("u", PARTNER_KEY);
    let _ = create.send().await.unwrap();
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

/// What a caller puts into a header is the caller's secret.
#[tokio::test]
async fn a_header_of_the_callers_is_not_repeated() {
    const OWN: &str = "access-canary-of-a-gateway";
    let echo = json!({"error": {"code": 400, "message": OWN, "metadata": {"sent": OWN}}});
    let page = format!("<p>{OWN}</p>");
    for answer in [
        Answer::json(400, &echo),
        Answer::text(400, "text/html", &page),
        Answer::json(400, &json!({"sent": OWN})),
        Answer::with_headers(400, &format!("x-sent: {OWN}\r\n"), ""),
    ] {
        let server = Scripted::start([answer]).await;
        let call = client(&server).get(HASH).header("x-access", OWN);
        let error = call.send().await.unwrap_err();
        let printed = everything(&error);
        assert!(!printed.contains(OWN), "{printed}");
    }
}
