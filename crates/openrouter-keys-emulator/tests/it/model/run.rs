//! One sequence, done to both.

use std::collections::BTreeMap;

use chrono::{TimeZone as _, Utc};
use openrouter_keys_emulator::Emulator;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use super::operation::{ELSEWHERE, MANAGEMENT_KEY, Operation, PARTNERS, Which, Who};
use super::service::{DEFAULT_WORKSPACE, Listing, Reply, Service};
use crate::http::{Answer, Connection, request, sha256};

pub(crate) struct Run {
    pub(crate) emulator: Connection,
    pub(crate) model: Service,
    /// The plaintexts of all keys that were ever made.
    pub(crate) made: Vec<String>,
    /// The states that were taken down, and what the model was then.
    pub(crate) snapshots: Vec<(String, Service)>,
}

/// A difference, without a panic: of those, one would be printed for each step of the shrinking.
pub(crate) type Outcome = Result<(), TestCaseError>;

impl Run {
    pub(crate) async fn start(emulator: &Emulator) -> Self {
        // A Friday. The month ends on Saturday, and the week on the day after it.
        let now = Utc.with_ymd_and_hms(2026, 10, 30, 22, 0, 0).single();
        let mut run = Self {
            emulator: Connection::open(emulator.local_addr()).await,
            model: Service {
                management_key: MANAGEMENT_KEY.to_owned(),
                now: now.expect("a time"),
                keys: Vec::new(),
                fleets: BTreeMap::new(),
                budgets: Vec::new(),
            },
            made: Vec::new(),
            snapshots: Vec::new(),
        };
        run.freeze().await;
        run
    }

    /// Does the operation to both, and compares what they answer.
    pub(crate) async fn step(&mut self, who: &Who, operation: &Operation) -> Outcome {
        let authorization = self.authorization(who);
        let authorization = authorization.as_deref();
        let (answer, reply) = match operation {
            Operation::Create(body, stolen) => {
                let mut body = body.clone();
                if let (Some(stolen), true) = (stolen, body["external"].is_object()) {
                    body["external"]["api_key"] = json!(self.made(*stolen));
                }
                let answer = self.ask("POST", "/keys", authorization, &body).await;
                let plaintext = answer.body["key"].as_str().unwrap_or_default().to_owned();
                if answer.status == 201 {
                    prop_assert!(!self.made.contains(&plaintext), "minted twice");
                    self.made.push(plaintext.clone());
                }
                (answer, self.model.create(authorization, &body, &plaintext))
            }
            Operation::List(listing) => {
                let path = format!("/keys{}", query(listing));
                let answer = self.ask("GET", &path, authorization, &Value::Null).await;
                (answer, self.model.list(authorization, listing))
            }
            Operation::Get(which) => {
                let hash = self.hash(which);
                let path = format!("/keys/{hash}");
                let answer = self.ask("GET", &path, authorization, &Value::Null).await;
                (answer, self.model.get(authorization, &hash))
            }
            Operation::Update(which, body) => {
                let hash = self.hash(which);
                let path = format!("/keys/{hash}");
                let answer = self.ask("PATCH", &path, authorization, body).await;
                (answer, self.model.update(authorization, &hash, body))
            }
            Operation::Delete(which) => {
                let hash = self.hash(which);
                let path = format!("/keys/{hash}");
                let answer = self.ask("DELETE", &path, authorization, &Value::Null).await;
                (answer, self.model.delete(authorization, &hash))
            }
            Operation::Current => {
                let answer = self.ask("GET", "/key", authorization, &Value::Null).await;
                (answer, self.model.current(authorization))
            }
            Operation::Control(control) => return self.control(control).await,
        };
        compare(answer, reply)
    }

    /// Lists every workspace in every way, page by page.
    pub(crate) async fn compare_all(&mut self) -> Outcome {
        let [one, other] = ELSEWHERE;
        for workspace in [DEFAULT_WORKSPACE, one, other] {
            for flags in [[false, false], [false, true], [true, false], [true, true]] {
                let [include_disabled, include_expired] = flags.map(|flag| Some(flag.to_string()));
                let mut listing = Listing {
                    include_disabled,
                    include_expired,
                    offset: None,
                    workspace_id: Some(workspace.to_owned()),
                };
                for offset in (0..=self.model.keys.len()).step_by(100) {
                    listing.offset = Some(offset.to_string());
                    let operation = Operation::List(listing.clone());
                    self.step(&Who::Management, &operation).await?;
                }
            }
        }
        Ok(())
    }

    pub(crate) const MANAGEMENT: &str = "Bearer sk-or-v1-fake-canary-management-key-of-the-model";

    /// The key of that hash as it is, whatever the model says.
    pub(crate) async fn look(&mut self, hash: &str) -> Answer {
        let path = format!("/keys/{hash}");
        self.ask("GET", &path, Some(Self::MANAGEMENT), &Value::Null)
            .await
    }

    async fn ask(
        &mut self,
        method: &str,
        path: &str,
        authorization: Option<&str>,
        body: &Value,
    ) -> Answer {
        let target = format!("/api/v1{path}");
        let header = authorization.map(|value| format!("Authorization: {value}\r\n"));
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = request(
            method,
            &target,
            &header.unwrap_or_default(),
            body.as_bytes(),
        );
        self.emulator.send(&request).await;
        self.emulator.receive(method).await
    }

    fn authorization(&self, who: &Who) -> Option<String> {
        match who {
            Who::Management => Some(format!("Bearer {MANAGEMENT_KEY}")),
            Who::Key(back) => Some(format!("Bearer {}", self.made(*back))),
            Who::Partner(number) => Some(format!("Bearer {}", PARTNERS[*number])),
            Who::Header(value) => value.map(str::to_owned),
        }
    }

    pub(crate) fn hash(&self, which: &Which) -> String {
        match which {
            Which::Made(back) => sha256(self.made(*back)),
            Which::Partner(number) => sha256(PARTNERS[*number]),
            Which::Management => sha256(MANAGEMENT_KEY),
            Which::Plaintext(back) => self.made(*back).to_owned(),
            Which::Unknown => sha256("nobody"),
        }
    }

    /// The plaintext that was made so many before the last one.
    fn made(&self, back: usize) -> &str {
        match self.made.len() {
            0 => "sk-or-v1-canary-that-was-never-made",
            all => &self.made[all - 1 - back % all],
        }
    }
}

pub(crate) fn compare(mut answer: Answer, reply: Reply) -> Outcome {
    match reply {
        Reply::Done(status, mut body) => {
            prop_assert_eq!(answer.status, status, "{}", answer.text);
            unspecified(&mut answer.body);
            comparable(&mut answer.body);
            comparable(&mut body);
            prop_assert_eq!(answer.body, body);
        }
        Reply::Refused(status, messages) => {
            prop_assert_eq!(answer.status, status, "{}", answer.text);
            let message = answer.message();
            let mut expected = messages.iter();
            let fits = expected.any(|start| message.starts_with(start));
            prop_assert!(fits, "{message:?} begins with none of {messages:?}");
        }
    }
    Ok(())
}

/// Takes away what the documents call meaningless, or whose values they leave open.
fn unspecified(body: &mut Value) {
    let key = body.get_mut("data").and_then(Value::as_object_mut);
    let Some(key) = key.filter(|key| key.contains_key("rate_limit")) else {
        return;
    };
    let rate_limit = key.remove("rate_limit").unwrap_or_default();
    assert!(rate_limit["requests"].is_i64(), "{rate_limit}");
    assert!(rate_limit["interval"].is_string(), "{rate_limit}");
    assert!(rate_limit["note"].is_string(), "{rate_limit}");
    let free = key.remove("free_model_daily_requests").unwrap_or_default();
    let [limit, used, remaining] =
        ["limit", "used", "remaining"].map(|field| free[field].as_u64().expect("a number"));
    assert_eq!(limit, used + remaining);
}

/// Numbers as numbers: 50 is 50.0.
fn comparable(value: &mut Value) {
    match value {
        Value::Number(number) => *value = json!(number.as_f64()),
        Value::Array(values) => values.iter_mut().for_each(comparable),
        Value::Object(fields) => fields.values_mut().for_each(comparable),
        _ => {}
    }
}

/// The query string that says so.
fn query(listing: &Listing) -> String {
    let parameters = [
        ("include_disabled", &listing.include_disabled),
        ("include_expired", &listing.include_expired),
        ("offset", &listing.offset),
        ("workspace_id", &listing.workspace_id),
    ];
    let parameters = parameters.into_iter().filter_map(|(name, value)| {
        let value = value.as_ref()?;
        Some(format!("{name}={value}"))
    });
    format!("?{}", parameters.collect::<Vec<_>>().join("&"))
}
