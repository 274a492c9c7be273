//! What keys may spend beside their own limits.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::credential::Digest;
use crate::key::Key;
use crate::usage::{LimitReset, Usage};
use crate::usd::Usd;
use crate::workspace::WorkspaceId;

/// A layer of what keys may spend, beside their own limits: [`Emulator::add_budget`](crate::Emulator::add_budget) sets it.
///
/// `GET /key` tells a key of every layer that it is under, and of the one that counts. A budget counts what is
/// [spent](crate::Emulator::spend) after it was set. It never resets and leaves out what is spent on the customer's own
/// provider keys (BYOK), unless it is told otherwise.
///
/// ```
/// use openrouter_keys_emulator::{Budget, DEFAULT_WORKSPACE_ID, Emulator, LimitReset};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let emulator = Emulator::builder().keys(3).start().await?;
///
/// // All keys of the workspace together have 100 USD a month, and each of them 10.
/// let all = Budget::of_workspace(DEFAULT_WORKSPACE_ID, 100.0);
/// emulator.add_budget(all.limit_reset(LimitReset::Monthly));
/// emulator.add_budget(Budget::of_each_key(DEFAULT_WORKSPACE_ID, 10.0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a budget does nothing until an emulator has it"]
pub struct Budget(pub(crate) Terms);

/// What a budget says. Not [`Budget`] itself, which nobody shall read past its checks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    pub(crate) scope: Scope,
    pub(crate) limit: Usd,
    pub(crate) limit_reset: Option<LimitReset>,
    pub(crate) include_byok: bool,
}

/// Whose spending is counted. They are ordered as the documents list them, which is the order in which the emulator says that
/// they are enforced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// That of each member on whose behalf keys of the workspace were made.
    WorkspaceDefaultMember(WorkspaceId),
    /// That of each key of the workspace.
    WorkspaceDefaultKey(WorkspaceId),
    /// That of all keys that were made on behalf of the member.
    Member(String),
    /// That of the key with this hash.
    ApiKey(Digest),
    /// That of all keys of the workspace.
    Workspace(WorkspaceId),
}

impl Budget {
    /// All keys of that workspace together have so much, in USD.
    ///
    /// # Panics
    /// If the workspace is not a UUID, or the amount is negative or not finite.
    #[track_caller]
    pub fn of_workspace(workspace_id: &str, usd: f64) -> Self {
        Self::checked(Scope::Workspace(workspace(workspace_id)), usd)
    }

    /// Each key of that workspace has so much, in USD.
    ///
    /// # Panics
    /// If the workspace is not a UUID, or the amount is negative or not finite.
    #[track_caller]
    pub fn of_each_key(workspace_id: &str, usd: f64) -> Self {
        Self::checked(Scope::WorkspaceDefaultKey(workspace(workspace_id)), usd)
    }

    /// Each member has so much, in USD, for all keys of that workspace that were made on their behalf.
    ///
    /// # Panics
    /// If the workspace is not a UUID, or the amount is negative or not finite.
    #[track_caller]
    pub fn of_each_member(workspace_id: &str, usd: f64) -> Self {
        Self::checked(Scope::WorkspaceDefaultMember(workspace(workspace_id)), usd)
    }

    /// All keys that were made on behalf of that member have so much together, in USD.
    ///
    /// # Panics
    /// If the amount is negative or not finite.
    #[track_caller]
    pub fn of_member(user_id: impl Into<String>, usd: f64) -> Self {
        Self::checked(Scope::Member(user_id.into()), usd)
    }

    /// The key of that hash has so much, in USD, whatever its own limit is.
    ///
    /// # Panics
    /// If that is no hash, or the amount is negative or not finite.
    #[track_caller]
    pub fn of_key(hash: &str, usd: f64) -> Self {
        let hash = Digest::parse(hash).expect("a hash has 64 lowercase hexadecimal digits");
        Self::checked(Scope::ApiKey(hash), usd)
    }

    /// Starts afresh so often.
    pub fn limit_reset(self, reset: LimitReset) -> Self {
        self.resetting(Some(reset))
    }

    /// Counts what is spent on the customer's own provider keys (BYOK) too.
    pub fn include_byok(mut self) -> Self {
        self.0.include_byok = true;
        self
    }

    #[track_caller]
    fn checked(scope: Scope, usd: f64) -> Self {
        let limit = Usd::limit(usd).expect("a budget is finite and not negative");
        Self::new(scope, limit)
    }

    pub(crate) fn new(scope: Scope, limit: Usd) -> Self {
        Self(Terms {
            scope,
            limit,
            limit_reset: None,
            include_byok: false,
        })
    }

    pub(crate) fn resetting(mut self, reset: Option<LimitReset>) -> Self {
        self.0.limit_reset = reset;
        self
    }
}

#[track_caller]
fn workspace(id: &str) -> WorkspaceId {
    WorkspaceId::parse(id).expect("a workspace is named by a UUID")
}

impl Scope {
    /// What the service calls it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::WorkspaceDefaultMember(_) => "workspace_default_member",
            Self::WorkspaceDefaultKey(_) => "workspace_default_key",
            Self::Member(_) => "member",
            Self::ApiKey(_) => "api_key",
            Self::Workspace(_) => "workspace",
        }
    }

    /// Under which name the spending of that key is counted, if it is: each member and each key has a count of its own where
    /// each has a budget, and the others share one.
    fn account(&self, key: &Key) -> Option<String> {
        let creator = key.creator_user_id.as_deref();
        let shared = |is_covered: bool| is_covered.then(String::new);
        match self {
            Self::WorkspaceDefaultMember(id) if *id == key.workspace_id => {
                creator.map(str::to_owned)
            }
            Self::WorkspaceDefaultKey(id) if *id == key.workspace_id => Some(key.hash.to_string()),
            Self::WorkspaceDefaultMember(_) | Self::WorkspaceDefaultKey(_) => None,
            Self::Member(user) => shared(creator == Some(user)),
            Self::ApiKey(hash) => shared(*hash == key.hash),
            Self::Workspace(id) => shared(*id == key.workspace_id),
        }
    }
}

/// A budget that was set, and what has been spent since.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    pub(crate) id: u64,
    pub(crate) budget: Terms,
    pub(crate) spent: BTreeMap<String, Usage>,
}

impl Account {
    /// What has been spent where the spending of that key is counted, and the name of that, if it is under this budget.
    pub(crate) fn count(&self, key: &Key) -> Option<(String, Usage)> {
        let name = self.budget.scope.account(key)?;
        let usage = self.spent.get(&name).copied().unwrap_or(Usage::NONE);
        Some((name, usage))
    }

    /// What a key is told of this budget, if it is under it.
    fn layer(&self, key: &Key, now: DateTime<Utc>) -> Option<Layer> {
        let (_, usage) = self.count(key)?;
        let Terms {
            ref scope,
            limit,
            limit_reset,
            include_byok,
        } = self.budget;
        Some(Layer {
            scope: scope.name(),
            limit,
            spend: usage.since(limit_reset, now).counted(include_byok),
            include_byok,
            limit_reset,
            budget_id: Some(self.name()),
        })
    }

    /// What the service calls such a thing.
    pub(crate) fn name(&self) -> String {
        format!("budget-{}", self.id)
    }

    /// Whether all amounts are such as setting and spending come to.
    pub(crate) fn is_valid(&self) -> bool {
        let limit = self.budget.limit;
        limit.is_finite() && limit >= Usd::ZERO && self.spent.values().all(Usage::is_valid)
    }
}

/// What a key may spend by one of the rules that it is under.
#[derive(Clone)]
pub(crate) struct Layer {
    pub(crate) scope: &'static str,
    pub(crate) limit: Usd,
    pub(crate) spend: Usd,
    pub(crate) include_byok: bool,
    pub(crate) limit_reset: Option<LimitReset>,
    pub(crate) budget_id: Option<String>,
}

impl Layer {
    pub(crate) fn remaining(&self) -> Usd {
        self.limit - self.spend
    }
}

/// All layers that a key is under, in the order in which they are enforced: its own limit comes last.
pub(crate) fn layers(accounts: &[Account], key: &Key, now: DateTime<Utc>) -> Vec<Layer> {
    let mut accounts: Vec<_> = accounts.iter().collect();
    accounts.sort_by(|one, other| one.budget.scope.cmp(&other.budget.scope));
    let own = key.limit.map(|limit| Layer {
        scope: "key_limit",
        limit,
        spend: key.spend(now),
        include_byok: key.include_byok_in_limit,
        limit_reset: key.limit_reset,
        budget_id: None,
    });
    accounts
        .into_iter()
        .filter_map(|account| account.layer(key, now))
        .chain(own)
        .collect()
}

/// The layer that counts: the first one with nothing left, or else the one with the least left.
pub(crate) fn effective(layers: &[Layer]) -> Option<&Layer> {
    let spent = layers.iter().find(|layer| layer.remaining() <= Usd::ZERO);
    spent.or_else(|| {
        layers
            .iter()
            .min_by(|one, other| one.remaining().total_cmp(other.remaining()))
    })
}
