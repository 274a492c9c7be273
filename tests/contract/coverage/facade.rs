//! What the facade offers: by what it really sends, and by the schemas of what it reads.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{TimeZone as _, Utc};
use openrouter_keys::{Client, CurrentKey, Error, ErrorKind, Key, LimitReset, RetryPolicy};
use schemars::{JsonSchema, schema_for};

use super::shape::Shape;
use crate::support::{self, Answer, HASH, PARTNER_KEY, Request, Scripted};

/// What one verb of the client offers.
pub(super) struct Offer {
    /// The operation it calls, such as `PATCH /keys/{hash}`.
    pub(super) operation: String,
    /// Every query parameter that a setter sends, with the texts that were sent.
    pub(super) query: BTreeMap<String, BTreeSet<String>>,
    /// Every header that was sent, in lower case.
    pub(super) headers: BTreeSet<String>,
    /// Every body that was sent.
    pub(super) body: Shape,
    /// The fields of an answer that are read.
    pub(super) answer: BTreeMap<&'static str, Part>,
    /// What becomes of each status that is a failure.
    pub(super) kinds: BTreeMap<u16, ErrorKind>,
}

/// A field of an answer.
pub(super) struct Part {
    /// The type that it becomes.
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// Whether it is a list of them.
    pub(super) list: bool,
}

/// The client's six verbs, with every setter of each. A setter that is not called here is not known to exist.
pub(super) async fn offers() -> Vec<Offer> {
    let get = async |client: Client| client.get(HASH).send().await.map(drop);
    let delete = async |client: Client| client.delete(HASH).send().await;
    let current = async |client: Client| client.current().send().await.map(drop);
    let key = || Part::of::<Key>("Key");
    let page = Part {
        list: true,
        ..key()
    };
    let secret = Part::of::<String>("Created.secret");
    let current_key = Part::of::<CurrentKey>("CurrentKey");
    vec![
        offer(list, support::page(), [("data", page)]).await,
        offer(
            create,
            support::created(),
            [("data", key()), ("key", secret)],
        )
        .await,
        offer(get, support::one_key(), [("data", key())]).await,
        offer(update, support::one_key(), [("data", key())]).await,
        offer(delete, support::deleted(), []).await,
        offer(current, support::current_key(), [("data", current_key)]).await,
    ]
}

const WORKSPACE: &str = "00000000-0000-4000-8000-000000000042";

async fn list(client: Client) -> Result<(), Error> {
    for yes in [true, false] {
        let list = client.list().include_disabled(yes).include_expired(yes);
        list.send().await?;
    }
    client.list().include_all().offset(200).send().await?;
    client.list().workspace_id(WORKSPACE).send().await?;
    Ok(())
}

async fn create(client: Client) -> Result<(), Error> {
    for reset in known_resets() {
        let _ = client
            .create("Customer 42")
            .limit(12.5)
            .limit_reset(reset)
            .include_byok_in_limit(true)
            .expires_at(Utc.timestamp_opt(4_102_444_799, 0).unwrap())
            .workspace_id(WORKSPACE)
            .creator_user_id("user_1")
            .external_user_with_key("customer-42", PARTNER_KEY)
            .send()
            .await?;
    }
    let nulls = client
        .create("Customer 42")
        .unlimited()
        .never_resets()
        .never_expires();
    let _ = nulls.external_user("customer-42").send().await?;
    let _ = client.create("Customer 42").send().await?;
    Ok(())
}

async fn update(client: Client) -> Result<(), Error> {
    for reset in known_resets() {
        client
            .update(HASH)
            .name("Customer 42")
            .disabled(true)
            .limit(12.5)
            .limit_reset(reset)
            .include_byok_in_limit(true)
            .workspace_id(WORKSPACE)
            .send()
            .await?;
    }
    client
        .update(HASH)
        .unlimited()
        .never_resets()
        .send()
        .await?;
    client.update(HASH).name("Customer 42").send().await?;
    Ok(())
}

fn known_resets() -> impl Iterator<Item = LimitReset> {
    let names = shape_of::<LimitReset>().names;
    assert!(!names.is_empty(), "the schema lists what is known");
    names.into_iter().map(LimitReset::from)
}

/// `call` uses every setter, in several requests where it takes several. It ends with the first error.
async fn offer<const N: usize>(
    call: impl AsyncFn(Client) -> Result<(), Error>,
    answer: Answer,
    parts: [(&'static str, Part); N],
) -> Offer {
    /// More than any operation takes.
    const REQUESTS: usize = 100;
    let server = Scripted::start(vec![answer; REQUESTS]).await;
    call(client(&server)).await.unwrap();
    let requests = server.requests();

    let mut query = BTreeMap::<String, BTreeSet<String>>::new();
    let mut headers = BTreeSet::new();
    let mut bodies = Vec::new();
    for request in &requests {
        let (_, parameters) = request.path_and_query();
        for parameter in parameters.into_iter().flat_map(|query| query.split('&')) {
            let (name, text) = parameter.split_once('=').unwrap_or((parameter, ""));
            query
                .entry(name.to_owned())
                .or_default()
                .insert(text.to_owned());
        }
        headers.extend(request.headers.iter().map(|(name, _)| name.clone()));
        if !request.body.is_empty() {
            bodies.push(request.json());
        }
    }
    Offer {
        operation: operation(&requests),
        query,
        headers,
        body: Shape::of_values(&bodies),
        answer: parts.into(),
        kinds: kinds(call).await,
    }
}

fn operation(requests: &[Request]) -> String {
    let name = |request: &Request| {
        let (path, _) = request.path_and_query();
        let path = path.strip_prefix("/api/v1").unwrap_or(path);
        format!("{} {}", request.method, path.replace(HASH, "{hash}"))
    };
    let first = name(&requests[0]);
    for request in requests {
        assert_eq!(name(request), first, "a verb calls one operation");
    }
    first
}

/// What a call makes of every status that can be a failure.
async fn kinds(call: impl AsyncFn(Client) -> Result<(), Error>) -> BTreeMap<u16, ErrorKind> {
    let statuses = 400..600;
    let server = Scripted::start(statuses.clone().map(|status| support::error(status, "no"))).await;
    let client = client(&server);
    let mut kinds = BTreeMap::new();
    for status in statuses {
        let error = call(client.clone()).await.unwrap_err();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        kinds.insert(status, error.kind());
    }
    kinds
}

/// A client that sends every header it can, and each request once.
fn client(server: &Scripted) -> Client {
    support::builder(server)
        .retry(RetryPolicy::none())
        .app_url("https://key-desk.example")
        .app_title("Key desk")
        .app_categories(["cli-agent"])
        .build()
        .unwrap()
}

impl Part {
    fn of<T: JsonSchema>(name: &'static str) -> Self {
        Self {
            name,
            shape: shape_of::<T>(),
            list: false,
        }
    }
}

fn shape_of<T: JsonSchema>() -> Shape {
    let schema = schema_for!(T).to_value();
    Shape::of_schema(&schema, &schema)
}
