//! The fields that the facade sends and reads, and what it relies on about them.
//!
//! The document marks a field as required from the day the service sends it, has described the same field in more
//! than one way, and for a week in 2026-04 denied that a limit may be null. What the raw client makes of a field that
//! the facade uses must not depend on the day: it stands here, and a document may differ only where that is said.

/// A field, and what may be relied upon.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Of an answer: every answer since 2025-10-16 has it, and one without it is an error; above all a missing `limit`
    /// must never read as "unlimited". Of a request: the facade always sends it, and the service asks for it.
    pub(super) always: bool,
    /// Null is one of its values. The service sends it, or understands it, whatever the document says.
    pub(super) null: bool,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Flag,
    /// A number. Whether it is written as an integer does not count: JSON has one kind of number.
    Money,
    /// An integer, which documents of 2025 call a number.
    Count,
    /// Several strings.
    Texts,
    /// A plaintext key. Every generated type derives Debug, which would print it wherever a request or an answer is
    /// logged, so it gets a type that does not print.
    Plaintext,
    /// An object of this type.
    One(&'static str),
    /// Several of them.
    Many(&'static str),
}

impl Known {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            always: false,
            null: false,
        }
    }

    const fn always(self) -> Self {
        Self {
            always: true,
            ..self
        }
    }

    const fn or_null(self) -> Self {
        Self { null: true, ..self }
    }
}

const fn text(name: &'static str) -> Known {
    Known::new(name, Kind::Text)
}

const fn flag(name: &'static str) -> Known {
    Known::new(name, Kind::Flag)
}

const fn money(name: &'static str) -> Known {
    Known::new(name, Kind::Money)
}

const fn count(name: &'static str) -> Known {
    Known::new(name, Kind::Count)
}

/// The known fields of a type, by the name that [`OPERATIONS`](crate::operations::OPERATIONS) or a field below gives
/// it. A type that has none of its own is not looked at.
pub(super) fn fields(type_name: &str) -> Vec<Known> {
    let tables: &[&[Known]] = match type_name {
        "KeyPage" => &[&KEY_PAGE],
        "KeyEnvelope" => &[&KEY_ENVELOPE],
        "CreatedKey" => &[&CREATED_KEY],
        "DeletedKey" => &[&DELETED_KEY],
        "CurrentKeyEnvelope" => &[&CURRENT_KEY_ENVELOPE],
        "ApiKey" => &[&API_KEY, &EITHER_KEY],
        "CurrentKey" => &[&EITHER_KEY, &CURRENT_KEY],
        "KeyBudget" => &[&KEY_BUDGET],
        "FreeModelDailyRequests" => &[&FREE_MODEL_DAILY_REQUESTS],
        "RateLimit" => &[&RATE_LIMIT],
        "CreateKeyRequest" => &[&CREATE_KEY_REQUEST],
        "UpdateKeyRequest" => &[&UPDATE_KEY_REQUEST],
        "ExternalUser" => &[&EXTERNAL_USER],
        _ => &[],
    };
    tables.concat()
}

const KEY_PAGE: [Known; 1] = [Known::new("data", Kind::Many("ApiKey")).always()];
const KEY_ENVELOPE: [Known; 1] = [Known::new("data", Kind::One("ApiKey")).always()];
const CREATED_KEY: [Known; 2] = [
    Known::new("data", Kind::One("ApiKey")).always(),
    Known::new("key", Kind::Plaintext).always(),
];
const DELETED_KEY: [Known; 1] = [flag("deleted").always()];
const CURRENT_KEY_ENVELOPE: [Known; 1] = [Known::new("data", Kind::One("CurrentKey")).always()];

/// Fields of a key both as a management key sees it and as it sees itself.
const EITHER_KEY: [Known; 16] = [
    text("label").always(),
    money("limit").or_null().always(),
    money("limit_remaining").or_null().always(),
    text("limit_reset").or_null().always(),
    flag("include_byok_in_limit").always(),
    money("usage").always(),
    money("usage_daily").always(),
    money("usage_weekly").always(),
    money("usage_monthly").always(),
    money("byok_usage").always(),
    money("byok_usage_daily").always(),
    money("byok_usage_weekly").always(),
    money("byok_usage_monthly").always(),
    text("expires_at").or_null(),
    text("creator_user_id").or_null(),
    text("workspace_id").or_null(),
];

const API_KEY: [Known; 7] = [
    text("hash").always(),
    text("name").always(),
    flag("disabled").always(),
    text("created_at").always(),
    text("updated_at").or_null().always(),
    text("last_used_at").or_null(),
    text("external_user").or_null(),
];

const CURRENT_KEY: [Known; 9] = [
    flag("is_free_tier").always(),
    flag("is_management_key"),
    // Deprecated: the former name of the one before, and a remnant.
    flag("is_provisioning_key"),
    Known::new("rate_limit", Kind::One("RateLimit")),
    text("organization_id").or_null(),
    Known::new("allowed_data_regions", Kind::Texts),
    Known::new(
        "free_model_daily_requests",
        Kind::One("FreeModelDailyRequests"),
    ),
    Known::new("budgets", Kind::Many("KeyBudget")),
    Known::new("effective_budget", Kind::One("KeyBudget")).or_null(),
];

const KEY_BUDGET: [Known; 9] = [
    text("scope").always(),
    money("limit_usd").always(),
    money("spend_usd").always(),
    money("remaining_usd").always(),
    flag("include_byok").always(),
    text("reset_interval").or_null(),
    text("resets_at").or_null(),
    text("guardrail_id").or_null(),
    text("budget_id").or_null(),
];

const FREE_MODEL_DAILY_REQUESTS: [Known; 3] = [
    count("limit").always(),
    count("remaining").always(),
    count("used").always(),
];

const RATE_LIMIT: [Known; 3] = [count("requests"), text("interval"), text("note")];

const CREATE_KEY_REQUEST: [Known; 8] = [
    text("name").always(),
    money("limit").or_null(),
    text("limit_reset").or_null(),
    flag("include_byok_in_limit"),
    text("expires_at").or_null(),
    text("workspace_id"),
    text("creator_user_id").or_null(),
    Known::new("external", Kind::One("ExternalUser")),
];

const UPDATE_KEY_REQUEST: [Known; 6] = [
    text("name"),
    flag("disabled"),
    money("limit").or_null(),
    text("limit_reset").or_null(),
    flag("include_byok_in_limit"),
    text("workspace_id"),
];

const EXTERNAL_USER: [Known; 2] = [
    text("user").always(),
    Known::new("api_key", Kind::Plaintext),
];
