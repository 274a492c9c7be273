//! The paths, and what is done for each.

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::get;
use serde::{Serialize, Serializer};

use crate::answer::{Answer, Refusal, json, written};
use crate::auth;
use crate::control::{self, Control};
use crate::credential::Digest;
use crate::payload::Payload;
use crate::query::Listing;
use crate::state::{Holder, Shared};
#[cfg(feature = "ui")]
use crate::ui;
use crate::validate;
use crate::wire::{ApiKey, Created, CurrentKey, Data, Deleted, Page};

/// Which requests are meant: those for one of the six operations, or for any of them.
///
/// The method and the path alone decide, so a request without a credential or with a hash that
/// nobody has is one for its operation too. `HEAD` counts as `GET`. What is not part of the API
/// has no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route {
    /// All six. In JSON, `"any"`.
    Any,
    /// `POST /keys`. In JSON, `"create"`.
    Create,
    /// `GET /keys`. In JSON, `"list"`.
    List,
    /// `GET /keys/{hash}`. In JSON, `"get"`.
    Get,
    /// `PATCH /keys/{hash}`. In JSON, `"update"`.
    Update,
    /// `DELETE /keys/{hash}`. In JSON, `"delete"`.
    Delete,
    /// `GET /key`. In JSON, `"current"`.
    Current,
}

impl Serialize for Route {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Route {
    /// The operations, one by one.
    pub(crate) const OPERATIONS: [Self; 6] = [
        Self::Create,
        Self::List,
        Self::Get,
        Self::Update,
        Self::Delete,
        Self::Current,
    ];

    /// The operation that a request is for. It must find what [`router`] finds, which tells nobody
    /// before it has acted.
    pub(crate) fn of(method: &Method, path: &str) -> Option<Self> {
        let reads = matches!(*method, Method::GET | Method::HEAD);
        match path.strip_prefix("/api/v1/")? {
            "key" => reads.then_some(Self::Current),
            "keys" | "keys/" if reads => Some(Self::List),
            "keys" | "keys/" => (method == Method::POST).then_some(Self::Create),
            path => {
                let hash = path.strip_prefix("keys/")?;
                match *method {
                    _ if hash.contains('/') => None,
                    Method::PATCH => Some(Self::Update),
                    Method::DELETE => Some(Self::Delete),
                    _ => reads.then_some(Self::Get),
                }
            }
        }
    }

    /// Whether the requests meant include those for the operation.
    pub(crate) fn covers(self, operation: Self) -> bool {
        self == Self::Any || self == operation
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Create => "create",
            Self::List => "list",
            Self::Get => "get",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Current => "current",
        }
    }

    /// Whether the path is one of the API, or could be.
    pub(crate) fn is_api(path: &str) -> bool {
        path.starts_with("/api/")
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::OPERATIONS
            .into_iter()
            .chain([Self::Any])
            .find(|route| route.name() == name)
    }
}

/// The whole API, and what controls it.
pub(crate) fn router(control: Control) -> Router {
    let keys = get(list).post(create);
    let router = Router::new()
        .route("/api/v1/keys", keys.clone())
        // A published sample posts here.
        .route("/api/v1/keys/", keys)
        .route(
            "/api/v1/keys/{hash}",
            get(read).patch(update).delete(delete),
        )
        .route("/api/v1/key", get(current))
        .with_state(control.state.clone())
        .merge(control::router(control));
    #[cfg(feature = "ui")]
    let router = router.merge(ui::router());
    router
        .method_not_allowed_fallback(wrong_method)
        .fallback(wrong_path)
}

async fn list(
    State(state): State<Shared>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Answer {
    let mut state = state.lock();
    auth::management(&mut state, &headers)?;
    let listing = Listing::parse(query.as_deref().unwrap_or_default())?;
    let now = state.now();
    let keys = state.list(&listing, now).collect();
    Ok(written(StatusCode::OK, &Page { keys, now }))
}

async fn create(State(state): State<Shared>, headers: HeaderMap, payload: Payload) -> Answer {
    let mut state = state.lock();
    auth::management(&mut state, &headers)?;
    let new = validate::new_key(payload)?;
    let now = state.now();
    // The documents do not say what becomes of a key that is in use already; here, 400.
    let (key, plaintext) = state.create(new).map_err(|_| {
        Refusal::invalid("external.api_key must be a key that is not in use already")
    })?;
    let body = Created {
        data: ApiKey::of(key, now),
        key: &plaintext,
    };
    Ok(written(StatusCode::CREATED, &body))
}

async fn read(State(state): State<Shared>, headers: HeaderMap, hash: Hash) -> Answer {
    let mut state = state.lock();
    auth::management(&mut state, &headers)?;
    let key = state.get(digest(hash)?).ok_or_else(Refusal::not_found)?;
    let data = ApiKey::of(key, state.now());
    Ok(written(StatusCode::OK, &Data { data }))
}

async fn update(
    State(state): State<Shared>,
    headers: HeaderMap,
    hash: Hash,
    payload: Payload,
) -> Answer {
    let mut state = state.lock();
    auth::management(&mut state, &headers)?;
    let hash = digest(hash)?;
    // Whether the key exists is settled before anything is said about the body.
    state.get(hash).ok_or_else(Refusal::not_found)?;
    let changes = validate::changes(payload)?;
    let now = state.now();
    let key = state.update(hash, changes).ok_or_else(Refusal::not_found)?;
    let data = ApiKey::of(key, now);
    Ok(written(StatusCode::OK, &Data { data }))
}

async fn delete(State(state): State<Shared>, headers: HeaderMap, hash: Hash) -> Answer {
    let mut state = state.lock();
    auth::management(&mut state, &headers)?;
    state.delete(digest(hash)?).ok_or_else(Refusal::not_found)?;
    Ok(json(StatusCode::OK, &Deleted { deleted: true }))
}

async fn current(State(state): State<Shared>, headers: HeaderMap) -> Answer {
    let mut state = state.lock();
    let holder = auth::anyone(&mut state, &headers)?;
    let now = state.now();
    let data = match holder {
        Holder::Management => CurrentKey::management(state.management_label(), now),
        Holder::Key(sequence) => {
            let key = state.at(sequence).ok_or_else(Refusal::not_found)?;
            CurrentKey::ordinary(key, state.budgets(), now)
        }
    };
    Ok(json(StatusCode::OK, &Data { data }))
}

/// The body is read even here, so that the connection can be used again.
async fn wrong_path(_: Payload) -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "This path is not part of the key management API",
    )
}

async fn wrong_method(_: Payload) -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "This path does not take this method; the Allow header lists those it does",
    )
}

/// The last segment of a path. That it can be no text at all is kept for [`digest`], since the
/// credential is judged first.
pub(crate) type Hash = Result<Path<String>, PathRejection>;

/// What the segment names. Nothing that is not a hash names a key.
pub(crate) fn digest(hash: Hash) -> Result<Digest, Refusal> {
    hash.ok()
        .and_then(|Path(hash)| Digest::parse(&hash))
        .ok_or_else(Refusal::not_found)
}
