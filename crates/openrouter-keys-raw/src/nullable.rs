//! A value that may be null, as opposed to absent.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{
    Deserialize, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::ser::{Serialize, Serializer};

/// JSON `null`, or a value.
///
/// In a request, `Option<Nullable<T>>` tells apart what `Option<T>` cannot: absent (leave alone), null (clear)
/// and a value (set). In an answer, a field of this type must be there: its absence is an error, where that of
/// an `Option<T>` would read as null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nullable<T> {
    /// `null`.
    Null,
    /// Anything else.
    Value(T),
}

impl<T> Nullable<T> {
    /// The same with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Nullable<U> {
        self.into_option().map(change).into()
    }

    /// The value, if there is one.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

impl<T> From<Option<T>> for Nullable<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not `deserialize_option`: that is the one call which serde answers with None for a field that is
        // missing.
        deserializer.deserialize_any(NullableVisitor(PhantomData))
    }
}

struct NullableVisitor<T>(PhantomData<T>);

macro_rules! forward {
    ($($visit:ident: $type:ty),*) => {$(
        fn $visit<E: Error>(self, value: $type) -> Result<Self::Value, E> {
            T::deserialize(value.into_deserializer()).map(Nullable::Value)
        }
    )*};
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for NullableVisitor<T> {
    type Value = Nullable<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null or a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Nullable::Null)
    }

    // Formats other than JSON have these two.
    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Nullable::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        T::deserialize(deserializer).map(Nullable::Value)
    }

    forward!(
        visit_bool: bool,
        visit_i64: i64,
        visit_u64: u64,
        visit_f64: f64,
        visit_str: &str,
        visit_string: String
    );

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        T::deserialize(SeqAccessDeserializer::new(seq)).map(Nullable::Value)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Nullable::Value)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::Nullable;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Answer {
        limit: Nullable<f64>,
    }

    #[derive(Serialize)]
    struct Request {
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<Nullable<f64>>,
    }

    #[test]
    fn an_answer_tells_null_from_a_value_and_refuses_absence() {
        let read = serde_json::from_str::<Answer>;
        assert_eq!(read(r#"{"limit":null}"#).unwrap().limit, Nullable::Null);
        assert_eq!(read(r#"{"limit":5}"#).unwrap().limit, Nullable::Value(5.0));
        assert_eq!(
            read(r#"{"limit":-0.5}"#).unwrap().limit,
            Nullable::Value(-0.5)
        );
        let absent = read("{}").unwrap_err();
        assert!(absent.is_data(), "{absent}");
        assert!(read(r#"{"limit":"5"}"#).unwrap_err().is_data());
        assert!(read(r#"{"limit":true}"#).unwrap_err().is_data());
    }

    #[test]
    fn it_reads_every_kind_of_value() {
        let text = r#"[null, "a", "\u0041\n", true, 1, -1, 2.5, [1], {"a": 1}]"#;
        let read: Vec<Nullable<serde_json::Value>> = serde_json::from_str(text).unwrap();
        assert_eq!(read[0], Nullable::Null);
        assert!(read[1..].iter().all(|value| *value != Nullable::Null));
        let again = serde_json::to_value(&read).unwrap();
        assert_eq!(
            again,
            serde_json::from_str::<serde_json::Value>(text).unwrap()
        );
    }

    #[test]
    fn a_request_has_three_states() {
        let write = |limit| serde_json::to_string(&Request { limit }).unwrap();
        assert_eq!(write(None), "{}");
        assert_eq!(write(Some(Nullable::Null)), r#"{"limit":null}"#);
        assert_eq!(write(Some(Nullable::Value(5.0))), r#"{"limit":5.0}"#);
    }
}
