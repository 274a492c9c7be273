//! A description as a file: reading one, writing one, and the hash that stands for what it says.

use std::fmt::{self, Write as _};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::files;

/// The document in a YAML or JSON file. The message of an error names the file and, within it, the line.
pub(crate) fn load(file: &Path) -> Result<Value, String> {
    let text = files::read_text(file)?;
    parse(&text).map_err(|error| format!("{}: {error}", file.display()))
}

/// The document in a text. A name that stands twice in one mapping is refused: one of the two would be lost.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let text = text.trim_start_matches('\u{feff}');
    // YAML's double quotes do not read all that JSON's do, so that JSON gets a reader of its own.
    if text.trim_start().starts_with('{') {
        let mut json = serde_json::Deserializer::from_str(text);
        return Unique
            .deserialize(&mut json)
            .and_then(|document| json.end().map(|()| document))
            .map_err(|error| format!("expected a JSON document: {error}"));
    }
    if text.trim().is_empty() {
        return Err("expected a description; the file is empty".to_owned());
    }
    // Half of a YAML file is a YAML file too, if it is cut in the right place.
    if !text.ends_with('\n') {
        return Err(
            "expected a line break at the end; the file looks cut off (if it is not, add one)"
                .to_owned(),
        );
    }
    let options = serde_saphyr::options! {
        with_snippet: false,
        // The words yes and no are words since YAML 1.2.
        strict_booleans: true,
        budget: serde_saphyr::budget! { max_depth: 128, max_nodes: 1_000_000 },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let error = error.render_with_formatter(&serde_saphyr::UserMessageFormatter);
        format!("expected a YAML document: {error}")
    })
}

/// A document as YAML, the same text for the same content.
pub(crate) fn to_yaml(document: &Value) -> Result<String, String> {
    let mut sorted = document.clone();
    sorted.sort_all_objects();
    let options = serde_saphyr::ser_options! {
        compact_list_indent: false,
        // Prose stays on one line, so that a diff shows which sentence changed.
        min_fold_chars: usize::MAX,
        folded_wrap_chars: usize::MAX,
    };
    let text = serde_saphyr::to_string_with_options(&sorted, options)
        .map_err(|error| format!("the document cannot be written as YAML: {error}"))?;
    // What is written here replaces what people rely on, so nobody has to take the library's word for it.
    match parse(&text) {
        Ok(read) if read == sorted => Ok(text),
        _ => Err("the document does not survive being written as YAML".to_owned()),
    }
}

/// SHA-256 over the document as compact JSON with sorted keys: comments, order and layout do not count.
///
/// The raw crate's test computes the same from the file, without this crate.
pub(crate) fn canonical_hash(document: &Value) -> String {
    let mut sorted = document.clone();
    sorted.sort_all_objects();
    Sha256::digest(sorted.to_string().as_bytes()).iter().fold(
        String::with_capacity(64),
        |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        },
    )
}

/// Reads any JSON value, as `Value` does, but refuses a name that stands twice.
struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Self)?;
            if map.contains_key(&name) {
                return Err(A::Error::custom(format!("the name {name:?} stands twice")));
            }
            map.insert(name, value);
        }
        Ok(map.into())
    }
}
