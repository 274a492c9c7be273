//! Public types that are stored and made in tests as the JSON that the API uses.

/// Serializes and deserializes a type as the generated type that it is made from, without naming that type in
/// any public signature.
macro_rules! as_on_the_wire {
    ($name:ty, $raw:ty) => {
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                ::serde::Serialize::serialize(&self.to_raw(), serializer)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                let raw = <$raw as ::serde::Deserialize>::deserialize(deserializer)?;
                <$name>::from_raw(raw).map_err(::serde::de::Error::custom)
            }
        }
    };
}

pub(super) use as_on_the_wire;
