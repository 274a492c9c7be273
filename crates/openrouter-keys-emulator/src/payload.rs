//! The body of a request.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use http_body_util::BodyExt;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::answer::Refusal;

/// A body that has been read. What is wrong with it is told by [`Payload::into_object`] and not
/// before, because the credential and the hash are judged first.
#[derive(Clone)]
pub(crate) enum Payload {
    Whole(Bytes),
    TooLarge,
    Cut,
}

impl Payload {
    /// The longest body that is understood, in bytes.
    const LIMIT: usize = 1024 * 1024;

    /// How much more is read and thrown away, in bytes. A connection that is closed on unread
    /// data is reset, and the caller would lose the answer that explains it.
    const PATIENCE: usize = 16 * Self::LIMIT;

    /// The fields of the JSON object that the body must be. Of two that are called the same, the
    /// last one counts.
    pub(crate) fn into_object(self) -> Result<Map<String, Value>, Refusal> {
        Ok(self.into_members()?.into_iter().collect())
    }

    /// The members of the JSON object that the body must be, as often as they were sent. The
    /// content type does not matter.
    pub(crate) fn into_members(self) -> Result<Vec<(String, Value)>, Refusal> {
        let bytes = match self {
            Self::Whole(bytes) => bytes,
            Self::TooLarge => {
                return Err(Refusal::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "The request body must be no longer than 1 MiB",
                ));
            }
            Self::Cut => return Err(Refusal::invalid("The request body ended too early")),
        };
        match serde_json::from_slice(&bytes) {
            Ok(Members(members)) => Ok(members),
            Err(error) if error.is_data() => {
                Err(Refusal::invalid("The request body must be a JSON object"))
            }
            // The error's own text can quote the body.
            Err(error) => with_unreadable(&bytes).ok_or_else(|| {
                Refusal::invalid(format!(
                    "The request body must be JSON, and is not at line {} column {}",
                    error.line(),
                    error.column()
                ))
            }),
        }
    }

    /// Reads the body to its end, or until it is far too large.
    pub(crate) async fn read(mut body: Body) -> Self {
        let mut bytes = Vec::new();
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                return Self::Cut;
            };
            // Trailers are of no interest.
            let Ok(data) = frame.into_data() else {
                continue;
            };
            length += data.len();
            if length <= Self::LIMIT {
                bytes.extend_from_slice(&data);
            } else if length > Self::PATIENCE {
                break;
            }
        }
        if length <= Self::LIMIT {
            Self::Whole(bytes.into())
        } else {
            Self::TooLarge
        }
    }
}

impl<S: Sync> FromRequest<S> for Payload {
    type Rejection = Infallible;

    /// The body, which may have been read on the way here.
    async fn from_request(mut request: Request, _: &S) -> Result<Self, Infallible> {
        match request.extensions_mut().remove() {
            Some(payload) => Ok(payload),
            None => Ok(Self::read(request.into_body()).await),
        }
    }
}

/// The members of an object that is JSON, but in which a value is beyond what can be read: a number that is too large, most
/// likely. An empty list stands for it, which no field takes, so that the answer names the field.
fn with_unreadable(bytes: &[u8]) -> Option<Vec<(String, Value)>> {
    let Members(members): Members<Box<RawValue>> = serde_json::from_slice(bytes).ok()?;
    let read = |value: Box<RawValue>| serde_json::from_str(value.get());
    let read = members.into_iter().map(|(name, value)| {
        (
            name,
            read(value).unwrap_or_else(|_| Value::Array(Vec::new())),
        )
    });
    Some(read.collect())
}

/// The members of a JSON object, where a map would lose that two are called the same.
struct Members<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Collect<T> {
            type Value = Members<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect(PhantomData))
    }
}
