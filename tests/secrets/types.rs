//! Every public type, in every way that it can be printed in.

#[path = "../../crates/openrouter-keys-provision/tests/it/secrets/forms.rs"]
mod forms;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

use openrouter_keys::{BulkError, Client, Clock, Error, KeyBudget, KeyHash, RetryPolicy, reqwest};
use serde_json::json;

use self::forms::{HasDisplay as _, HasSerialize as _, NoDisplay as _, NoSerialize as _, Of};
use crate::calls::Reply;
use crate::support::{
    Answer, HASH, PARTNER_KEY, PLAINTEXT, PROXY_PASSWORD, Scripted, TOKEN, assert_clean, builder,
    client, created, deleted, key, no_waits, one_key, page,
};

/// What was printed of values with secrets in them, and of which types.
#[derive(Default)]
struct Printed {
    types: BTreeSet<String>,
    /// Those that serialize.
    serialize: BTreeSet<String>,
}

impl Printed {
    fn add<T: Debug>(&mut self, value: &T, display: Option<String>, json: Option<String>) {
        // Without the types that it is made of, and the modules that are not public.
        let name = std::any::type_name::<T>();
        let name = name.split('<').next().unwrap_or(name);
        let path: Vec<_> = name.split("::").collect();
        let module = path
            .get(1)
            .filter(|module| ["operations", "blocking"].contains(module));
        let module = module.map_or(String::new(), |module| format!("{module}::"));
        let name = format!("{module}{}", path[path.len() - 1]);
        assert_clean(&name, &format!("{value:?} {value:#?}"));
        assert_clean(&name, &display.unwrap_or_default());
        if let Some(json) = json {
            assert_clean(&name, &json);
            self.serialize.insert(name.clone());
        }
        self.types.insert(name);
    }
}

macro_rules! print {
    ($printed:ident: $($value:expr),+ $(,)?) => {
        $(
            let value = &$value;
            $printed.add(value, (&Of(value)).display(), (&Of(value)).json());
        )+
    };
}

/// A caller's clock that says more of itself than it should.
#[derive(Debug)]
struct Talkative {
    #[expect(dead_code, reason = "it is printed")]
    canary: &'static str,
}

impl Clock for Talkative {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async {})
    }
}

/// Case 69 of the catalogue.
pub(crate) async fn no_public_type_shows_a_secret() {
    let printed = &mut Printed::default();
    clients(printed);
    let server = Scripted::start([]).await;
    operations(printed, &client(&server));
    answers(printed).await;
    parts(printed);
    failures(printed).await;

    let mut public = crate::public::types();
    // A trait, which callers implement; one that talks is in `clients`.
    assert!(public.remove("Clock"));
    // A trait of builders that are printed themselves.
    assert!(public.remove("BulkCall"));
    // The modes of builders, which only builders hold, and print.
    assert!(public.remove("operations::Async") && public.remove("blocking::Blocking"));
    assert_eq!(
        printed.types, public,
        "what is printed here, and what is public"
    );
    let serialize: Vec<_> = printed.serialize.iter().map(|name| &**name).collect();
    assert_eq!(
        serialize,
        [
            "BudgetScope",
            "CurrentKey",
            "DataRegion",
            "FreeModelDailyRequests",
            "Key",
            "KeyBudget",
            "KeyHash",
            "LimitReset",
            "RateLimit",
            "Usage"
        ],
        "nothing with a secret in it serializes"
    );
}

fn clients(printed: &mut Printed) {
    let talkative = || {
        let proxy = format!("http://user:{PROXY_PASSWORD}@127.0.0.1:1");
        no_waits(Client::builder())
            .base_url("http://127.0.0.1:1/api/v1")
            .clock(Talkative { canary: TOKEN })
            .proxy(reqwest::Proxy::all(proxy).unwrap())
            .http(reqwest::Client::builder().user_agent(TOKEN))
    };
    print!(printed:
        Client::builder().management_key(TOKEN),
        Client::builder().management_key(format!("{TOKEN}\n")),
        // What is refused when it is built is not printed before.
        talkative().base_url(format!("https://user:{TOKEN}@a.example/?{TOKEN}")),
        talkative().user_agent(TOKEN).app_title(TOKEN).app_url(TOKEN),
        talkative(),
        talkative().build().unwrap(),
        talkative().build().unwrap().with_key(PLAINTEXT),
        talkative().build().unwrap().with_key(format!("{PLAINTEXT}\n")),
        RetryPolicy::default(),
        talkative().build_blocking().unwrap(),
        talkative().build_blocking().unwrap().with_key(PLAINTEXT),
    );
    let client = talkative().build_blocking().unwrap();
    print!(printed:
        client.create("a").external_user_with_key("u", PARTNER_KEY).header("x-own", TOKEN),
        client.get(PLAINTEXT),
        client.list().header("x-own", TOKEN).into_iter(),
    );
}

fn operations(printed: &mut Printed, client: &Client) {
    print!(printed:
        client.create("a").external_user_with_key("u", PARTNER_KEY).header("x-own", TOKEN),
        client.create("a").external_user_with_key("u", &PARTNER_KEY[..31]),
        client.create("a").workspace_id(TOKEN),
        client.get(HASH).header("x-own", TOKEN),
        client.update(HASH).name("a").header("x-own", TOKEN),
        client.delete(HASH).header("x-own", TOKEN),
        client.list().include_all().header("x-own", TOKEN),
        client.current().header("x-own", TOKEN),
        client.current().header("x-own", format!("{TOKEN}\n")),
        // What is not valid is not kept, since it could be a plaintext in the wrong place.
        client.get(PLAINTEXT),
        client.update(PLAINTEXT).workspace_id(PLAINTEXT),
        client.delete(PLAINTEXT),
        client.list().workspace_id(PLAINTEXT),
        client.list().workspace_id(PLAINTEXT).header("x-own", TOKEN).stream(),
        client.list().workspaces([PLAINTEXT]).header("x-own", TOKEN).pages(),
        client.bulk(),
        // Items may be anything, a plaintext that was pasted too.
        client.bulk().run([PLAINTEXT], |client, hash| client.get(hash).header("x-own", TOKEN)),
    );
}

async fn answers(printed: &mut Printed) {
    let repeats = format!("content-type: application/json\r\nx-repeats: {TOKEN}, {PLAINTEXT}\r\n");
    let body = json!({"data": key(), "key": PLAINTEXT}).to_string();
    let repeating = Answer::with_headers(201, &repeats, &body);
    let server = Scripted::start([
        created(),
        repeating,
        one_key(),
        page(),
        deleted(),
        Reply::json(200, &current()).into(),
    ])
    .await;
    let client = client(&server);
    let create = || client.create("a").external_user_with_key("u", PARTNER_KEY);
    let made = create().send().await.unwrap();
    let response = create().send_with_response().await.unwrap();
    assert_clean("headers", &format!("{:?}", response.headers()));
    let current = client.get(HASH).send().await.unwrap();
    let list = client.list().send().await.unwrap();
    let delete = client.delete(HASH).send_with_response().await.unwrap();
    let me = client.current().send().await.unwrap();
    let budget: &KeyBudget = &me.budgets[0];
    print!(printed:
        made.key, made, response, current, list, delete, me, *budget, budget.scope,
        me.allowed_data_regions[0],
        me.free_model_daily_requests.unwrap(),
        *me.rate_limit.as_ref().unwrap(),
    );
}

/// A current key with every part that there is.
fn current() -> serde_json::Value {
    let mut data = key();
    data["is_free_tier"] = json!(false);
    data["is_management_key"] = json!(true);
    data["allowed_data_regions"] = json!(["europe"]);
    data["free_model_daily_requests"] = json!({"limit": 3, "remaining": 2, "used": 1});
    data["rate_limit"] = json!({"requests": -1, "interval": "10s", "note": "n"});
    data["budgets"] = json!([{
        "scope": "key", "limit_usd": 1, "spend_usd": 1, "remaining_usd": 0, "include_byok": true,
        "reset_interval": null, "resets_at": null, "guardrail_id": null, "budget_id": null,
    }]);
    json!({"data": data})
}

fn parts(printed: &mut Printed) {
    let hash: KeyHash = HASH.parse().unwrap();
    let key: openrouter_keys::Key = serde_json::from_value(key()).unwrap();
    print!(printed: hash, key.usage, key.limit_reset.unwrap());
}

async fn failures(printed: &mut Printed) {
    // A plaintext whose key cannot be read, and which is repeated in the place of the hash.
    let body = json!({"data": {"hash": PLAINTEXT}, "key": PLAINTEXT});
    let server = Scripted::start([Reply::json(201, &body).into()]).await;
    let client = builder(&server).build().unwrap();
    let error: Error = client.create("a").send().await.unwrap_err();
    print!(printed: error, error.kind());
    let salvaged = error.into_salvaged().unwrap();
    print!(printed: salvaged);
    let mut run = client
        .bulk()
        .run([PLAINTEXT], |client, hash| client.delete(hash));
    let failed: BulkError<_> = run.next().await.unwrap().unwrap_err();
    assert_eq!(failed.item, Some(PLAINTEXT));
    print!(printed: failed);
}
