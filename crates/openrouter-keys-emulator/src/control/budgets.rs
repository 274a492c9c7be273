//! Budgets, set and listed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

use super::Control;
use super::members::Object;
use crate::answer::{Answer, Refusal, json};
use crate::budget::{Account, Budget, Scope, Terms};
use crate::credential::Digest;
use crate::payload::Payload;
use crate::state::State as Known;
use crate::usage::LimitReset;
use crate::usd::Usd;
use crate::validate::{Checked, amount, flag, limit_reset, nullable, text, workspace_id};
use crate::workspace::WorkspaceId;

pub(super) async fn show(State(control): State<Control>) -> Response {
    shown(StatusCode::OK, &control.state.lock())
}

pub(super) async fn add(State(control): State<Control>, payload: Payload) -> Answer {
    let budget = parse(payload)?;
    let mut state = control.state.lock();
    state.add_budget(budget);
    Ok(shown(StatusCode::CREATED, &state))
}

pub(super) async fn clear(State(control): State<Control>, _: Payload) -> Response {
    let mut state = control.state.lock();
    state.clear_budgets();
    shown(StatusCode::OK, &state)
}

fn shown(status: StatusCode, state: &Known) -> Response {
    #[derive(Serialize)]
    struct List<'a> {
        budgets: Vec<Shown<'a>>,
    }

    let budgets = state.budgets().iter().map(Shown::of).collect();
    json(status, &List { budgets })
}

/// A budget as it is set over HTTP, with its defaults, and the name by which a key is told of it.
#[derive(Serialize)]
struct Shown<'a> {
    budget_id: String,
    scope: &'static str,
    limit_usd: Usd,
    limit_reset: Option<LimitReset>,
    include_byok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<WorkspaceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<Digest>,
}

impl<'a> Shown<'a> {
    fn of(account: &'a Account) -> Self {
        let Terms {
            scope,
            limit,
            limit_reset,
            include_byok,
        } = &account.budget;
        let (workspace_id, user_id, hash) = match scope {
            Scope::WorkspaceDefaultMember(id)
            | Scope::WorkspaceDefaultKey(id)
            | Scope::Workspace(id) => (Some(*id), None, None),
            Scope::Member(user) => (None, Some(&**user), None),
            Scope::ApiKey(hash) => (None, None, Some(*hash)),
        };
        Self {
            budget_id: account.name(),
            scope: scope.name(),
            limit_usd: *limit,
            limit_reset: *limit_reset,
            include_byok: *include_byok,
            workspace_id,
            user_id,
            hash,
        }
    }
}

fn parse(payload: Payload) -> Result<Budget, Refusal> {
    let object = Object::read(
        payload,
        &[
            "scope",
            "limit_usd",
            "limit_reset",
            "include_byok",
            "workspace_id",
            "user_id",
            "hash",
        ],
    )?;
    let name = object.needed("scope", scope)?;
    let of = match name {
        "member" => "user_id",
        "api_key" => "hash",
        _ => "workspace_id",
    };
    for field in ["workspace_id", "user_id", "hash"] {
        if field != of && object.has(field) {
            return Err(Refusal::invalid(format!(
                "{field} must be left out where scope is {name}"
            )));
        }
    }
    let workspace = object.get("workspace_id", workspace_id)?;
    let workspace = workspace.unwrap_or(WorkspaceId::DEFAULT);
    let scope = match name {
        "member" => Scope::Member(object.needed("user_id", text)?),
        "api_key" => Scope::ApiKey(object.needed("hash", hash)?),
        "workspace_default_member" => Scope::WorkspaceDefaultMember(workspace),
        "workspace_default_key" => Scope::WorkspaceDefaultKey(workspace),
        // The only other one.
        _ => Scope::Workspace(workspace),
    };
    let limit: Usd = object.needed("limit_usd", amount)?;
    let reset = object.get("limit_reset", nullable(limit_reset))?;
    let budget = Budget::new(scope, limit).resetting(reset.flatten());
    Ok(match object.get("include_byok", flag)? {
        Some(true) => budget.include_byok(),
        _ => budget,
    })
}

const SCOPES: [&str; 5] = [
    "workspace_default_member",
    "workspace_default_key",
    "member",
    "api_key",
    "workspace",
];

fn scope(value: &Value) -> Checked<&'static str> {
    value
        .as_str()
        .and_then(|name| SCOPES.into_iter().find(|scope| *scope == name))
        .ok_or("workspace_default_member, workspace_default_key, member, api_key or workspace")
}

fn hash(value: &Value) -> Checked<Digest> {
    value
        .as_str()
        .and_then(Digest::parse)
        .ok_or("the hash of a key, 64 lowercase hexadecimal digits")
}
