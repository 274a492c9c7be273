//! All verbs, with all secrets there are, met by success and by every kind of failure that is an answer.
//!
//! [`play`] needs a server that gives [`replies`] in their order, whatever it speaks and over whatever it is reached:
//! whoever has another kind of server makes its answers of these, and adds it to the places that call both.

use std::fmt::Write as _;

use openrouter_keys::{Client, Error, RetryPolicy};
use serde_json::{Value, json};

use crate::support::{
    Answer, HASH, PARTNER_KEY, PLAINTEXT, TOKEN, UNUSUAL, Verb, assert_clean, key,
};

/// An answer, whatever protocol carries it.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    pub(crate) fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body: body.to_owned(),
        }
    }

    fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        let mut headers = String::new();
        for (name, value) in &reply.headers {
            write!(headers, "{name}: {value}\r\n").expect("writing to a String does not fail");
        }
        Self::with_headers(reply.status, &headers, &reply.body)
    }
}

/// What a server would say that repeats all it knows of a create.
pub(crate) fn echo() -> String {
    secrets(Verb::Create).join(" ")
}

/// What is taken out of what is said of this call: the keys that it knows, and whatever looks like one.
fn secrets(verb: Verb) -> Vec<&'static str> {
    match verb {
        Verb::Create => vec![TOKEN, PARTNER_KEY, PLAINTEXT],
        _ => vec![TOKEN, PLAINTEXT],
    }
}

fn success(verb: Verb) -> Reply {
    let mut current = key();
    current["is_free_tier"] = json!(false);
    let body = match verb {
        Verb::Create => return Reply::json(201, &json!({"data": key(), "key": PLAINTEXT})),
        Verb::Get | Verb::Update => json!({"data": key()}),
        Verb::Delete => json!({"deleted": true}),
        Verb::List => json!({"data": [key()]}),
        Verb::Current => json!({"data": current}),
    };
    Reply::json(200, &body)
}

/// The call, and what is printed of what comes of it.
async fn call(verb: Verb, client: &Client, policy: RetryPolicy) -> Result<String, Error> {
    macro_rules! printed {
        ($builder:expr) => {{
            let builder = $builder.retry(policy).header("x-own", TOKEN);
            let response = builder.send_with_response().await?;
            format!("{response:?} {response:#?} {:?}", response.headers())
        }};
    }
    Ok(match verb {
        Verb::Create => {
            printed!(client.create("a").external_user_with_key("u", PARTNER_KEY))
        }
        Verb::Get => printed!(client.get(HASH)),
        Verb::Update => printed!(client.update(HASH).name("b")),
        Verb::Delete => printed!(client.delete(HASH)),
        Verb::List => printed!(client.list().include_all()),
        Verb::Current => printed!(client.current()),
    })
}

/// What a verb is met by, when it fails.
fn failures(verb: Verb) -> Vec<Reply> {
    let secrets = secrets(verb);
    let echo = secrets.join(" ");
    // A header has no quotation marks to escape, and takes the rest as it is.
    let repeats = |reply: Reply| reply.with("x-repeats", echo.clone());
    let with = |field: &str| {
        let mut data = key();
        data[field] = json!(echo);
        json!({"data": data, "key": PLAINTEXT})
    };
    let metadata = json!({"error": {"code": 400, "message": echo, "metadata": {(&echo): [&echo]}}});
    let mut replies = vec![
        // What cannot be read.
        repeats(Reply::json(201, &with("limit"))),
        repeats(Reply::json(201, &with("created_at"))),
        Reply::json(200, &json!({"data": {"hash": echo, "limit": echo}})),
        Reply::json(200, &json!({"data": echo})),
        Reply::json(200, &json!({"data": [echo], "deleted": echo})),
        Reply::json(201, &json!({"data": null, "key": [PLAINTEXT]})),
        repeats(Reply::text(200, "text/html", &echo)),
        Reply::text(200, "application/json", &json!(echo).to_string()),
        Reply::text(200, &format!("text/{TOKEN}"), ""),
        Reply::text(200, "text/plain", &"x".repeat((1 << 20) + 1)),
        Reply::text(302, "text/html", &echo)
            .with("location", format!("http://127.0.0.1:1/?{TOKEN}")),
    ];
    if verb == Verb::Create {
        let body = json!({"key": UNUSUAL, "data": {"hash": UNUSUAL}});
        let repeats = |reply: Reply| reply.with("x-repeats", UNUSUAL.to_owned());
        replies.extend([201, 500].map(|status| repeats(Reply::json(status, &body))));
    }
    for secret in secrets {
        let data = json!({"hash": secret});
        replies.push(Reply::json(200, &json!({"data": data})));
        replies.push(Reply::json(200, &json!({"data": data, "key": PLAINTEXT})));
        replies.push(Reply::json(200, &json!({"data": data, "key": secret})));
    }
    for status in [
        400, 401, 403, 404, 408, 409, 413, 422, 429, 460, 500, 502, 503, 529,
    ] {
        replies.push(Reply::json(
            status,
            &json!({"error": {"code": status, "message": echo}}),
        ));
        replies.push(Reply::json(status, &metadata));
        replies.push(Reply::json(
            status,
            &json!({"key": PLAINTEXT, "data": {"hash": echo}}),
        ));
        replies.push(repeats(Reply::text(
            status,
            "text/html",
            &format!("<p>{echo}</p>"),
        )));
        replies.push(Reply::text(
            status,
            "application/json",
            &json!({"e": echo}).to_string(),
        ));
        // A secret that stands where the text is cut off.
        replies.push(Reply::text(
            status,
            "text/plain",
            &format!("{}{echo}", "x".repeat(500)),
        ));
    }
    replies
}

/// What the server of [`play`] answers.
pub(crate) fn replies() -> Vec<Reply> {
    let busy = || Reply::json(429, &json!({"error": {"code": 429, "message": echo()}}));
    let mut replies = Vec::new();
    for verb in Verb::ALL {
        replies.push(success(verb));
        replies.extend([busy(), success(verb)]);
        replies.extend(failures(verb));
    }
    replies
}

/// Makes all calls, and hands over the errors there were, of which there is at least one for each failure and verb.
pub(crate) async fn play(client: &Client) -> Vec<Error> {
    let mut errors = Vec::new();
    for verb in Verb::ALL {
        for policy in [RetryPolicy::none(), RetryPolicy::default()] {
            let printed = call(verb, client, policy).await.unwrap();
            assert_clean(&format!("{verb:?}"), &printed);
        }
        for reply in failures(verb) {
            let outcome = call(verb, client, RetryPolicy::none()).await;
            match outcome {
                Err(error) => errors.push(error),
                // Some of what is odd to one verb makes sense to another, or is rescued.
                Ok(printed) => {
                    assert!(reply.status < 300);
                    assert_clean(&format!("{verb:?}"), &printed);
                }
            }
        }
    }
    errors
}
