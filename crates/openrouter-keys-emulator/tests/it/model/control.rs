//! What is done beside the API: time passes, money is spent, keys appear, and everything goes back to
//! what it was.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::bodies::{self, amounts, any_of};
use super::budget::Budget;
use super::fleet::Fleet;
use super::operation::{Which, keys, workspaces};
use super::run::{Outcome, Run, compare};
use crate::http::{Answer, request};

#[derive(Clone, Debug)]
pub(crate) enum Control {
    Advance(u32),
    /// To so many seconds after, or before, the midnight that is so many days away.
    Midnight(u64, i64),
    /// So much of the credits, and of the customer's own provider keys.
    Spend(Which, Option<Value>, Option<Value>),
    Seed(usize, Value),
    /// With the fields of a budget. The first one is for one of a key.
    Budget(Which, Value),
    ClearBudgets,
    Snapshot,
    /// To the snapshot that was taken so many before the last one.
    Restore(usize),
    Reset,
}

pub(crate) fn controls() -> impl Strategy<Value = Control> {
    let days = select(&[1, 1, 1, 2, 3, 7, 28, 31, 366][..]);
    let seconds = prop_oneof![0..100_000_u32, select(&[0, 86_400, 604_800][..])];
    let count = prop_oneof![30 => 1..4_usize, 1 => 95..105_usize];
    prop_oneof![
        3 => seconds.prop_map(Control::Advance),
        4 => (days, -1..2_i64).prop_map(|(days, seconds)| Control::Midnight(days, seconds)),
        8 => (keys(), weighted(0.8, amounts()), of(amounts()))
            .prop_map(|(key, usd, byok_usd)| Control::Spend(key, usd, byok_usd)),
        5 => (count, fleets()).prop_map(|(count, fleet)| Control::Seed(count, fleet)),
        2 => (keys(), budgets()).prop_map(|(key, budget)| Control::Budget(key, budget)),
        3 => Just(Control::Snapshot),
        3 => (0..3_usize).prop_map(Control::Restore),
        1 => weighted(0.3, Just(Control::Reset))
            .prop_map(|reset| reset.unwrap_or(Control::ClearBudgets)),
    ]
}

fn fleets() -> impl Strategy<Value = Value> {
    bodies::object(vec![
        bodies::field(
            "name",
            0.2,
            any_of(&[json!("x-"), json!("")]),
            &[json!(null)],
        ),
        bodies::field(
            "workspace_id",
            0.3,
            workspaces().prop_map(Value::from),
            &[json!("")],
        ),
        bodies::field("limit", 0.3, bodies::nullable(amounts()), &[json!(-1)]),
        bodies::field("limit_reset", 0.3, bodies::resets(), &[json!("hourly")]),
        bodies::field("disabled", 0.2, bodies::flags(), &[json!(1)]),
        bodies::field("expires_at", 0.2, bodies::moments(), &[json!("soon")]),
        bodies::field(
            "creator_user_id",
            0.2,
            Just(json!("user_seed")),
            &[json!("")],
        ),
    ])
}

/// All of them right.
fn budgets() -> impl Strategy<Value = Value> {
    let workspaces = || workspaces().prop_map(|id| ("workspace_id", json!(id.to_lowercase())));
    let users = any_of(&[json!("user_canary"), json!("user_seed")]);
    let scope = prop_oneof![
        (Just("workspace"), workspaces()),
        (Just("workspace_default_key"), workspaces()),
        (Just("workspace_default_member"), workspaces()),
        (Just("member"), users.prop_map(|user| ("user_id", user))),
        (Just("api_key"), Just(("hash", Value::Null))),
    ];
    (scope, amounts(), bodies::resets(), bodies::flags()).prop_map(
        |((scope, (of, value)), limit, reset, include_byok)| {
            json!({
                "scope": scope,
                of: value,
                "limit_usd": limit,
                "limit_reset": reset,
                "include_byok": include_byok,
            })
        },
    )
}

impl Run {
    pub(crate) async fn control(&mut self, control: &Control) -> Outcome {
        match control {
            Control::Advance(seconds) => {
                let now = self.model.now + TimeDelta::seconds((*seconds).into());
                self.turn(&json!({"advance_seconds": seconds}), now).await
            }
            Control::Midnight(days, seconds) => {
                let today = self
                    .model
                    .now
                    .date_naive()
                    .and_time(NaiveTime::MIN)
                    .and_utc();
                let now = today + Days::new(*days) + TimeDelta::seconds(*seconds);
                // Never back: what was spent in a window that is left in that direction is gone.
                let now = now.max(self.model.now);
                self.turn(&json!({"set": now.to_rfc3339()}), now).await
            }
            Control::Spend(which, usd, byok_usd) => {
                let hash = self.hash(which);
                let mut body = json!({"usd": usd, "byok_usd": byok_usd});
                let fields = body.as_object_mut().expect("an object");
                fields.retain(|_, amount| !amount.is_null());
                if fields.is_empty() {
                    return Ok(());
                }
                let target = format!("keys/{hash}/spend");
                let answer = self.ask_control("POST", &target, &body.to_string()).await;
                let amount = |amount: &Option<Value>| amount.as_ref().and_then(Value::as_f64);
                let [usd, byok_usd] = [usd, byok_usd].map(|usd| amount(usd).unwrap_or_default());
                compare(answer, self.model.spend(&hash, usd, byok_usd))
            }
            Control::Seed(count, fleet) => self.seed(*count, fleet.clone()).await,
            Control::Budget(which, budget) => self.set_budget(which, budget.clone()).await,
            Control::ClearBudgets => {
                self.ask_control("DELETE", "budgets", "").await.expect(200);
                self.model.budgets.clear();
                Ok(())
            }
            Control::Snapshot => {
                let state = self.ask_control("GET", "state", "").await.expect(200).text;
                self.snapshots.push((state, self.model.clone()));
                Ok(())
            }
            Control::Restore(back) => {
                let Some((state, model)) = self.snapshots.iter().rev().nth(*back).cloned() else {
                    return Ok(());
                };
                self.ask_control("PUT", "state", &state).await.expect(200);
                self.model = model;
                Ok(())
            }
            Control::Reset => {
                self.ask_control("POST", "reset", "").await.expect(200);
                self.model.keys.clear();
                self.model.fleets.clear();
                self.model.budgets.clear();
                self.freeze().await;
                Ok(())
            }
        }
    }

    /// Stops the clock at the time that the model has.
    pub(crate) async fn freeze(&mut self) {
        let body = json!({"frozen": true, "set": self.model.now.to_rfc3339()}).to_string();
        self.ask_control("POST", "clock", &body).await.expect(200);
    }

    /// Turns the clock, which then shows that time.
    async fn turn(&mut self, body: &Value, now: DateTime<Utc>) -> Outcome {
        let answer = self.ask_control("POST", "clock", &body.to_string()).await;
        let shown = answer.expect(200).body["now"].take();
        let shown: Option<DateTime<Utc>> = shown.as_str().and_then(|text| text.parse().ok());
        prop_assert_eq!(shown, Some(now));
        self.model.now = now;
        Ok(())
    }

    /// Sets a budget in both, under the name that it has.
    async fn set_budget(&mut self, which: &Which, mut body: Value) -> Outcome {
        if body["scope"] == "api_key" {
            // A plaintext is no hash, and refused.
            body["hash"] = match which {
                Which::Plaintext(back) => json!(self.hash(&Which::Made(*back))),
                which => json!(self.hash(which)),
            };
        }
        let answer = self.ask_control("POST", "budgets", &body.to_string()).await;
        let mut set = answer.expect(201).body["budgets"].take();
        let set = set.as_array_mut().and_then(Vec::pop).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let of = ["workspace_id", "user_id", "hash"].map(|of| text(&body[of]));
        self.model.budgets.push(Budget {
            id: text(&set["budget_id"]).unwrap_or_default(),
            scope: text(&body["scope"]).unwrap_or_default(),
            of: of.into_iter().flatten().collect(),
            limit_usd: body["limit_usd"].as_f64().unwrap_or_default(),
            limit_reset: text(&body["limit_reset"]),
            include_byok: body["include_byok"] == true,
            spent: Vec::new(),
        });
        Ok(())
    }

    /// Adds a fleet to both. What is not documented of its keys, the model takes as it is.
    async fn seed(&mut self, count: usize, fleet: Value) -> Outcome {
        let mut body = fleet.clone();
        body["count"] = json!(count);
        let answer = self.ask_control("POST", "keys", &body.to_string()).await;
        let Some(fleet) = Fleet::read(&fleet) else {
            prop_assert_eq!(answer.status, 400, "{}", answer.text);
            return Ok(());
        };
        let hashes = answer.expect(201).body["hashes"].take();
        let hashes = hashes.as_array().cloned().unwrap_or_default();
        prop_assert_eq!(hashes.len(), count);
        for hash in hashes {
            let hash = hash.as_str().expect("a hash");
            let seen = self.look(hash).await.expect(200);
            let usage = seen.body["data"]["usage"].as_f64().unwrap_or_default();
            let include_byok = seen.body["data"]["include_byok_in_limit"] == true;
            self.made.push(self.model.seed(&fleet, usage, include_byok));
            let reply = self.model.get(Some(Self::MANAGEMENT), hash);
            compare(seen, reply)?;
        }
        Ok(())
    }

    async fn ask_control(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let target = format!("/_emulator/{path}");
        let request = request(method, &target, "", body.as_bytes());
        self.emulator.send(&request).await;
        self.emulator.receive(method).await
    }
}
