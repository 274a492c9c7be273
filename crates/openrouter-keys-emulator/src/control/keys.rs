//! Keys that appear from nowhere, and money that is spent with them.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::Control;
use super::members::{Object, natural};
use crate::answer::{Answer, Refusal, json, written};
use crate::credential::Digest;
use crate::fleet::Fleet;
use crate::payload::Payload;
use crate::routes::{Hash, digest};
use crate::state::{TooMany, Unspent};
use crate::usage::Spent;
use crate::usd::Usd;
use crate::validate::{
    amount, any_text, flag, instant, limit, limit_reset, nullable, text, workspace_id,
};
use crate::wire::{ApiKey, Data};

pub(super) async fn seed(State(control): State<Control>, payload: Payload) -> Answer {
    #[derive(Serialize)]
    struct Seeded {
        hashes: Vec<Digest>,
    }

    let object = Object::read(
        payload,
        &[
            "count",
            "name",
            "workspace_id",
            "limit",
            "limit_reset",
            "disabled",
            "expires_at",
            "creator_user_id",
        ],
    )?;
    let count = object.needed("count", natural)?;
    // More than that are refused below, and more than an address reaches are more than that.
    let mut fleet = Fleet::of(usize::try_from(count).unwrap_or(usize::MAX));
    if let Some(prefix) = object.get("name", any_text)? {
        fleet = fleet.named(prefix);
    }
    if let Some(workspace_id) = object.get("workspace_id", workspace_id)? {
        fleet = fleet.within(workspace_id);
    }
    if let Some(limit) = object.get("limit", nullable(limit))? {
        fleet = fleet.limited(limit);
    }
    if let Some(reset) = object.get("limit_reset", nullable(limit_reset))? {
        fleet = fleet.resetting(reset);
    }
    if object.get("disabled", flag)?.unwrap_or(false) {
        fleet = fleet.disabled();
    }
    if let Some(moment) = object.get("expires_at", nullable(instant))?.flatten() {
        fleet = fleet.expiring(moment);
    }
    if let Some(id) = object.get("creator_user_id", text)? {
        fleet = fleet.creator_user_id(id);
    }
    let hashes = control.state.lock().seed(&fleet).map_err(|TooMany| {
        Refusal::invalid("count must leave the emulator with no more than 1000000 keys")
    })?;
    Ok(json(StatusCode::CREATED, &Seeded { hashes }))
}

pub(super) async fn spend(State(control): State<Control>, hash: Hash, payload: Payload) -> Answer {
    let object = Object::read(payload, &["usd", "byok_usd"])?;
    let credits = object.get("usd", amount)?;
    let byok = object.get("byok_usd", amount)?;
    if credits.is_none() && byok.is_none() {
        return Err(Refusal::invalid(
            "The request body must have usd or byok_usd",
        ));
    }
    let spent = Spent {
        credits: credits.unwrap_or(Usd::ZERO),
        byok: byok.unwrap_or(Usd::ZERO),
    };
    let hash = digest(hash)?;

    let mut state = control.state.lock();
    let now = state.now();
    let key = state.spend(hash, spent).map_err(|unspent| match unspent {
        Unspent::Unknown => Refusal::not_found(),
        Unspent::TooMuch => {
            Refusal::invalid("usd and byok_usd must leave the usage a finite number")
        }
    })?;
    let data = ApiKey::of(key, now);
    Ok(written(StatusCode::OK, &Data { data }))
}
