//! Step two: OpenAPI 3.1 to 3.0.3, which is what the generator reads.
//!
//! A keyword that is in no table below stops codegen: it could change the meaning of what it stands beside.

mod schema;

use serde_json::{Map, Value, json};

use crate::misfit::{Pointer, Result};

const UNKNOWN: &str =
    "find out what it means, then add it to the tables in xtask/src/lower.rs or lower/schema.rs";

/// What happens to the value of a keyword.
enum Rule {
    /// It means the same in 3.0.
    Keep,
    /// It has no meaning for a client.
    Drop,
    Schema,
    One(&'static Kind),
    List(&'static Kind),
    Map(&'static Kind),
    MapOfSchemas,
}

use Rule::{Drop, Keep, List, MapOfSchemas, One, Schema};

/// One of the objects that the OpenAPI specification defines, other than a schema.
struct Kind {
    name: &'static str,
    /// Whether `{"$ref": …}` may stand in its place.
    referable: bool,
    keywords: &'static [(&'static str, Rule)],
}

const DOCUMENT: Kind = Kind {
    name: "document",
    referable: false,
    keywords: &[
        ("openapi", Keep),
        ("info", One(&INFO)),
        ("servers", Keep),
        ("security", Keep),
        ("tags", Drop),
        ("paths", Rule::Map(&PATH_ITEM)),
        ("components", One(&COMPONENTS)),
    ],
};

const INFO: Kind = Kind {
    name: "info",
    referable: false,
    keywords: &[
        ("title", Keep),
        ("version", Keep),
        ("description", Keep),
        ("summary", Drop),
        ("contact", Drop),
        ("license", Drop),
        ("termsOfService", Drop),
    ],
};

const PATH_ITEM: Kind = Kind {
    name: "path item",
    referable: false,
    keywords: &[
        ("get", One(&OPERATION)),
        ("post", One(&OPERATION)),
        ("patch", One(&OPERATION)),
        ("delete", One(&OPERATION)),
        ("parameters", List(&PARAMETER)),
    ],
};

const OPERATION: Kind = Kind {
    name: "operation",
    referable: false,
    keywords: &[
        ("operationId", Keep),
        ("summary", Keep),
        ("description", Keep),
        ("deprecated", Keep),
        ("parameters", List(&PARAMETER)),
        ("requestBody", One(&REQUEST_BODY)),
        ("responses", Rule::Map(&RESPONSE)),
        // A tag sorts documentation; whose token a call carries is the facade's business.
        ("tags", Drop),
        ("security", Drop),
        ("externalDocs", Drop),
    ],
};

const PARAMETER: Kind = Kind {
    name: "parameter",
    referable: true,
    keywords: &[
        ("name", Keep),
        ("in", Keep),
        ("required", Keep),
        ("deprecated", Keep),
        ("description", Keep),
        ("schema", Schema),
        ("example", Drop),
        ("examples", Drop),
    ],
};

const REQUEST_BODY: Kind = Kind {
    name: "request body",
    referable: true,
    keywords: &[
        ("description", Keep),
        ("required", Keep),
        ("content", Rule::Map(&MEDIA_TYPE)),
    ],
};

const RESPONSE: Kind = Kind {
    name: "response",
    referable: true,
    keywords: &[
        ("description", Keep),
        ("content", Rule::Map(&MEDIA_TYPE)),
        // The facade reads the few headers that matter by name.
        ("headers", Drop),
        ("links", Drop),
    ],
};

const MEDIA_TYPE: Kind = Kind {
    name: "media type",
    referable: false,
    keywords: &[("schema", Schema), ("example", Drop), ("examples", Drop)],
};

const COMPONENTS: Kind = Kind {
    name: "components",
    referable: false,
    keywords: &[
        ("schemas", MapOfSchemas),
        ("parameters", Rule::Map(&PARAMETER)),
        ("requestBodies", Rule::Map(&REQUEST_BODY)),
        ("responses", Rule::Map(&RESPONSE)),
        ("securitySchemes", Drop),
        ("headers", Drop),
        ("examples", Drop),
        ("links", Drop),
    ],
};

/// The 3.0.3 form of a selected document. A document that is in that form already comes back as it is.
pub(crate) fn lower(document: &Value) -> Result<Value> {
    let at = Pointer::root();
    let version = document
        .get("openapi")
        .and_then(Value::as_str)
        .unwrap_or("");
    if !(version.starts_with("3.1.") || version.starts_with("3.0.")) {
        return Err(at.at("openapi").misfit(
            "'3.1.x' or '3.0.x'",
            "only these two versions of OpenAPI are known here",
        ));
    }
    let mut lowered = object(document, &DOCUMENT, &at)?;
    lowered["openapi"] = json!("3.0.3");
    Ok(lowered)
}

fn object(value: &Value, kind: &Kind, at: &Pointer) -> Result<Value> {
    let map = as_map(value, kind.name, at)?;
    if kind.referable && map.contains_key("$ref") {
        return reference(map, at);
    }
    let mut lowered = Map::new();
    for (keyword, value) in map {
        let at = at.at(keyword);
        if keyword.starts_with("x-") {
            // An extension is a remark to some tool; OpenAPI lets a reader pass it over.
            continue;
        }
        let Some((_, rule)) = kind.keywords.iter().find(|(known, _)| known == keyword) else {
            return Err(at.misfit(format!("a keyword that a {} may have", kind.name), UNKNOWN));
        };
        let value = match rule {
            Drop => continue,
            Keep => value.clone(),
            Schema => schema::lower(value, &at)?,
            One(kind) => object(value, kind, &at)?,
            List(kind) => value
                .as_array()
                .ok_or_else(|| at.misfit("a list", UNKNOWN))?
                .iter()
                .enumerate()
                .map(|(index, item)| object(item, kind, &at.at(index)))
                .collect::<Result<_>>()?,
            Rule::Map(kind) => each(value, &at, |value, at| object(value, kind, at))?,
            MapOfSchemas => each(value, &at, schema::lower)?,
        };
        lowered.insert(keyword.clone(), value);
    }
    Ok(Value::Object(lowered))
}

fn each(
    value: &Value,
    at: &Pointer,
    lower: impl Fn(&Value, &Pointer) -> Result<Value>,
) -> Result<Value> {
    as_map(value, "map", at)?
        .iter()
        .map(|(key, value)| Ok((key.clone(), lower(value, &at.at(key))?)))
        .collect::<Result<Map<_, _>>>()
        .map(Value::Object)
}

fn reference(map: &Map<String, Value>, at: &Pointer) -> Result<Value> {
    if let Some(other) = map
        .keys()
        .find(|key| !matches!(key.as_str(), "$ref" | "summary" | "description"))
    {
        return Err(at
            .at(other)
            .misfit("nothing but prose beside a $ref", UNKNOWN));
    }
    Ok(json!({ "$ref": map["$ref"] }))
}

fn as_map<'a>(value: &'a Value, name: &str, at: &Pointer) -> Result<&'a Map<String, Value>> {
    value
        .as_object()
        .ok_or_else(|| at.misfit(format!("a {name} object"), UNKNOWN))
}
