//! The pipeline on our own description, on changes to it, and on small schemas.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use serde_json::{Value, json};

use crate::misfit::{Misfit, Pointer};
use crate::{
    GENERATED, SPEC, check, document, fixups, generate_document, lower, repository_root, select,
};

fn ours() -> Value {
    document::load(&repository_root().join(SPEC)).unwrap()
}

/// Our description after `change`.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut document = ours();
    change(&mut document);
    document
}

/// The document after all steps but the last.
fn prepared(document: &Value) -> Result<Value, Misfit> {
    let mut lowered = lower::lower(&select::select(document)?)?;
    fixups::apply(&mut lowered)?;
    Ok(lowered)
}

fn schema<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    &mut document["components"]["schemas"][name]
}

/// The 3.0.3 form of a schema.
fn lowered(written: &Value) -> Result<Value, Misfit> {
    let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "v"}, "paths": {},
        "components": {"schemas": {"T": written}}});
    lower::lower(&document).map(|document| document["components"]["schemas"]["T"].clone())
}

#[test]
fn the_committed_file_is_what_our_description_gives() {
    let fresh = generate_document(&ours()).unwrap();
    let committed = std::fs::read_to_string(repository_root().join(GENERATED)).unwrap();
    assert_eq!(check::difference(GENERATED, &committed, &fresh), None);
}

#[test]
fn the_same_description_gives_the_same_bytes() {
    fn backwards(value: &Value) -> String {
        match value {
            Value::Object(map) => {
                let members: Vec<_> = map
                    .iter()
                    .rev()
                    .map(|(name, value)| {
                        format!("{}: {}", Value::from(name.as_str()), backwards(value))
                    })
                    .collect();
                format!("{{{}}}", members.join(", "))
            }
            Value::Array(items) => {
                format!(
                    "[{}]",
                    items.iter().map(backwards).collect::<Vec<_>>().join(", ")
                )
            }
            other => other.to_string(),
        }
    }
    // As JSON, and with every object the other way round.
    let reordered = document::parse(&backwards(&ours())).unwrap();
    assert_eq!(generate_document(&reordered), generate_document(&ours()));
}

#[test]
fn a_stale_file_is_shown_as_a_diff() {
    assert_eq!(check::difference("f", "a\nb\n", "a\nb\n"), None);
    let difference = check::difference("f", "a\nb\n", "a\nc\n").unwrap();
    for line in ["--- f (committed)", "+++ f (fresh)", " a", "-b", "+c"] {
        assert!(
            difference.lines().any(|shown| shown == line),
            "{difference}"
        );
    }
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    assert!(document::parse("a: 1\na: 2\n").is_err());
}

#[test]
fn selecting_twice_is_selecting_once() {
    let mut document = ours();
    document["paths"]["/chat"] = json!({"post": {}});
    document["components"]["schemas"]["Unused"] = json!({"type": "string"});
    let selected = select::select(&document).unwrap();
    assert_eq!(selected, ours());
    assert_eq!(select::select(&selected).unwrap(), selected);
    let left_out = |document: &Value| select::left_out(document, &selected, &Pointer::root());
    assert_eq!(
        left_out(&document).unwrap().to_string(),
        "#/components/schemas/Unused"
    );
    assert_eq!(left_out(&selected), None);
}

#[test]
fn the_two_versions_of_a_schema_lower_to_one() {
    let reference = json!({"$ref": "#/components/schemas/T"});
    for (newer, older) in [
        (
            json!({"type": ["string", "null"]}),
            json!({"type": "string", "nullable": true}),
        ),
        (
            json!({"type": ["string"]}),
            json!({"type": "string", "nullable": false}),
        ),
        (
            json!({"type": "boolean", "const": true}),
            json!({"type": "boolean", "enum": [true]}),
        ),
        (
            json!({"type": ["string", "null"], "enum": ["a", null]}),
            json!({"type": "string", "nullable": true, "enum": ["a"]}),
        ),
        (
            json!({"type": "number", "exclusiveMinimum": 0}),
            json!({"type": "number", "minimum": 0, "exclusiveMinimum": true}),
        ),
        (
            json!({"type": "number", "exclusiveMaximum": 9}),
            json!({"type": "number", "maximum": 9, "exclusiveMaximum": true}),
        ),
        (
            json!({"oneOf": [reference, {"type": "null"}]}),
            json!({"allOf": [reference], "nullable": true}),
        ),
        (
            json!({"anyOf": [{"type": "null"}, {"type": "string"}]}),
            json!({"allOf": [{"type": "string"}], "nullable": true}),
        ),
        (
            json!({"$ref": "#/components/schemas/T", "description": "d"}),
            json!({"allOf": [reference], "description": "d"}),
        ),
        (
            json!({"type": "string", "examples": ["a"]}),
            json!({"type": "string", "example": "a"}),
        ),
        (
            json!({"type": "array", "items": {"type": ["integer", "null"]}}),
            json!({"type": "array", "items": {"type": "integer", "nullable": true}}),
        ),
        (
            json!({"type": "object", "properties": {"a": {"const": "x", "type": "string"}}}),
            json!({"type": "object", "properties": {"a": {"enum": ["x"], "type": "string"}}}),
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": ["string", "null"]}}),
            json!({"type": "object", "additionalProperties": {"nullable": true, "type": "string"}}),
        ),
    ] {
        let result = lowered(&newer).unwrap();
        assert_eq!(result, lowered(&older).unwrap(), "{newer} and {older}");
        assert_eq!(
            result,
            lowered(&result).unwrap(),
            "lowering what is lowered: {newer}"
        );
    }
}

#[test]
fn what_lowering_does_not_know_is_an_error_that_names_its_place() {
    for (written, place) in [
        (
            json!({"unevaluatedProperties": false}),
            "/unevaluatedProperties",
        ),
        (
            json!({"type": "string", "contentEncoding": "base64"}),
            "/contentEncoding",
        ),
        (
            json!({"properties": {"a/b": {"if": {}}}}),
            "/properties/a~1b/if",
        ),
        (json!({"type": ["string", "number"]}), "/type"),
        (json!({"type": "null"}), "/type"),
        (json!({"type": "file"}), "/type"),
        (json!({"enum": [null]}), "/enum"),
        (
            json!({"oneOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]}),
            "/oneOf",
        ),
        (json!({"nullable": "yes"}), "/nullable"),
        (
            json!({"type": ["number", "null"], "nullable": false}),
            "/nullable",
        ),
        (
            json!({"const": true, "enum": [false], "type": "boolean"}),
            "/const",
        ),
        (json!({"$ref": 5}), "/$ref"),
        (
            json!({"type": "string", "oneOf": [{"type": "number"}, {"type": "null"}]}),
            "/type",
        ),
        (
            json!({"allOf": [{"type": "number"}], "anyOf": [{"type": "number"}, {"type": "null"}]}),
            "/allOf",
        ),
        (json!({"items": true}), "/items"),
        (json!({"x-rust-type": {"crate": "evil"}}), "/x-rust-type"),
    ] {
        let misfit = lowered(&written).unwrap_err();
        let place = format!("#/components/schemas/T{place}");
        assert_eq!(misfit.at.to_string(), place, "{misfit}");
        assert!(
            misfit
                .to_string()
                .starts_with(&format!("{place}: expected ")),
            "{misfit}"
        );
    }
    let webhooks = json!({"openapi": "3.1.0", "info": {}, "paths": {}, "webhooks": {}});
    assert_eq!(
        lower::lower(&webhooks).unwrap_err().at.to_string(),
        "#/webhooks"
    );
    let swagger = json!({"openapi": "2.0", "info": {}, "paths": {}});
    assert_eq!(
        lower::lower(&swagger).unwrap_err().at.to_string(),
        "#/openapi"
    );
}

#[test]
fn fixups_accept_what_they_make() {
    let once = prepared(&ours()).unwrap();
    let mut twice = once.clone();
    fixups::apply(&mut twice).unwrap();
    let pretty = |document| serde_json::to_string_pretty(document).unwrap();
    assert_eq!(
        check::difference("fixups", &pretty(&once), &pretty(&twice)),
        None
    );
}

/// What upstream does unannounced, according to its own policy.
#[test]
fn additions_are_no_error() {
    for (what, document) in [
        (
            "a response field",
            changed(|document| {
                let key = schema(document, "ApiKey");
                key["properties"]["colour"] =
                    json!({"type": ["string", "null"], "enum": ["red", null]});
                key["required"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!("colour"));
            }),
        ),
        (
            "a field of any shape",
            changed(|document| {
                let key = schema(document, "ApiKey");
                key["properties"]["extra"] =
                    json!({"type": ["object", "null"], "additionalProperties": {}});
            }),
        ),
        (
            "a list that may be null",
            changed(|document| {
                let key = schema(document, "ApiKey");
                key["properties"]["tags"] =
                    json!({"type": ["array", "null"], "items": {"type": "string"}, "maxItems": 3});
            }),
        ),
        (
            "a query parameter",
            changed(|document| {
                let parameter = json!({"name": "sort", "in": "query", "schema": {"type": "string", "enum": ["a"]}});
                document["paths"]["/keys"]["get"]["parameters"]
                    .as_array_mut()
                    .unwrap()
                    .push(parameter);
            }),
        ),
        (
            "a body field",
            changed(|document| {
                schema(document, "UpdateKeyRequest")["properties"]["colour"] =
                    json!({"type": ["string", "null"]});
            }),
        ),
        (
            "a status",
            changed(|document| {
                let conflict = json!({"$ref": "#/components/responses/Conflict"});
                document["paths"]["/keys"]["post"]["responses"]["409"] = conflict;
            }),
        ),
        (
            "an enum value",
            changed(|document| {
                schema(document, "LimitReset")["enum"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!("hourly"));
            }),
        ),
    ] {
        generate_document(&document).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
#[test]
fn a_change_that_a_fixup_does_not_know_is_an_error_that_names_its_place() {
    const KEY: &str = "#/components/schemas/ApiKey";
    let keys = |document: &mut Value, method: &str| -> Value {
        document["paths"]["/keys"][method]["responses"]["200"].clone()
    };
    for (what, place, document) in [
        (
            "limit may be absent",
            format!("{KEY}/required"),
            changed(|document| {
                schema(document, "ApiKey")["required"]
                    .as_array_mut()
                    .unwrap()
                    .retain(|name| name != "limit");
            }),
        ),
        (
            "an operation vanishes",
            "#/paths/~1keys~1{hash}/patch".to_owned(),
            changed(|document| {
                document["paths"]["/keys/{hash}"]
                    .as_object_mut()
                    .unwrap()
                    .remove("patch");
            }),
        ),
        (
            "a path vanishes",
            "#/paths/~1key".to_owned(),
            changed(|document| {
                document["paths"].as_object_mut().unwrap().remove("/key");
            }),
        ),
        (
            "two successes",
            "#/paths/~1keys/get/responses".to_owned(),
            changed(|document| {
                document["paths"]["/keys"]["get"]["responses"]["206"] = keys(document, "get");
            }),
        ),
        (
            "another success",
            "#/paths/~1keys/get/responses".to_owned(),
            changed(|document| {
                let success = keys(document, "get");
                let responses = document["paths"]["/keys"]["get"]["responses"]
                    .as_object_mut()
                    .unwrap();
                responses.remove("200");
                responses.insert("202".to_owned(), success);
            }),
        ),
        (
            "a hash of digits",
            "#/paths/~1keys~1{hash}/get/parameters/0/schema".to_owned(),
            changed(|document| {
                document["components"]["parameters"]["Hash"]["schema"] = json!({"type": "integer"});
            }),
        ),
        (
            "a header to send",
            "#/paths/~1keys/get/parameters/0".to_owned(),
            changed(|document| {
                let parameter = json!({"name": "X", "in": "header", "schema": {"type": "string"}});
                document["paths"]["/keys"]["get"]["parameters"] = json!([parameter]);
            }),
        ),
        (
            "a flag of numbers",
            "#/paths/~1keys/get/parameters/0/schema".to_owned(),
            changed(|document| {
                document["components"]["parameters"]["IncludeDisabled"]["schema"] =
                    json!({"type": "integer"});
            }),
        ),
        (
            "a plaintext that may be null",
            "#/components/schemas/CreatedKey/properties/key".to_owned(),
            changed(|document| {
                schema(document, "CreatedKey")["properties"]["key"] =
                    json!({"type": ["string", "null"]});
            }),
        ),
        (
            "an enum of numbers",
            format!("{KEY}/properties/usage/enum"),
            changed(|document| {
                schema(document, "ApiKey")["properties"]["usage"]["enum"] = json!([1, 2]);
            }),
        ),
        (
            "a format that is not known",
            format!("{KEY}/properties/usage/format"),
            changed(|document| {
                schema(document, "ApiKey")["properties"]["usage"]["format"] = json!("decimal");
            }),
        ),
        (
            "a request object that may be null",
            "#/components/schemas/CreateKeyRequest/properties/external".to_owned(),
            changed(|document| {
                let external = json!({"oneOf": [{"$ref": "#/components/schemas/ExternalUser"}, {"type": "null"}]});
                schema(document, "CreateKeyRequest")["properties"]["external"] = external;
            }),
        ),
        (
            "two keys that differ",
            "#/components/schemas/KeyPage/properties/data/items".to_owned(),
            changed(|document| {
                let mut copy = schema(document, "ApiKey").clone();
                copy["properties"]["name"]["type"] = json!("integer");
                schema(document, "KeyPage")["properties"]["data"]["items"] = copy;
            }),
        ),
        (
            "another content",
            "#/paths/~1key/get/responses/2XX/content".to_owned(),
            changed(|document| {
                let content = &mut document["paths"]["/key"]["get"]["responses"]["200"]["content"];
                content["text/csv"] = content["application/json"].clone();
            }),
        ),
        (
            "another content to send",
            "#/paths/~1keys/post/requestBody/content".to_owned(),
            changed(|document| {
                let content = &mut document["paths"]["/keys"]["post"]["requestBody"]["content"];
                content["text/csv"] = content["application/json"].clone();
            }),
        ),
        (
            "a body to delete with",
            "#/paths/~1keys~1{hash}/delete/requestBody".to_owned(),
            changed(|document| {
                let body = document["paths"]["/keys"]["post"]["requestBody"].clone();
                document["paths"]["/keys/{hash}"]["delete"]["requestBody"] = body;
            }),
        ),
        (
            "one more required field to send",
            "#/components/schemas/CreateKeyRequest/required".to_owned(),
            changed(|document| {
                let request = schema(document, "CreateKeyRequest");
                request["required"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!("workspace_id"));
            }),
        ),
        (
            "a required query parameter",
            "#/paths/~1keys/get/parameters/2".to_owned(),
            changed(|document| {
                document["components"]["parameters"]["Offset"]["required"] = json!(true);
            }),
        ),
        (
            "an optional hash",
            "#/paths/~1keys~1{hash}/get/parameters/0".to_owned(),
            changed(|document| {
                document["components"]["parameters"]["Hash"]["required"] = json!(false);
            }),
        ),
        (
            "no hash",
            "#/paths/~1keys~1{hash}/get/parameters".to_owned(),
            changed(|document| {
                document["paths"]["/keys/{hash}"]
                    .as_object_mut()
                    .unwrap()
                    .remove("parameters");
            }),
        ),
        (
            "a parameter twice",
            "#/paths/~1keys/get/parameters".to_owned(),
            changed(|document| {
                let parameters = document["paths"]["/keys"]["get"]["parameters"]
                    .as_array_mut()
                    .unwrap();
                parameters.push(parameters[0].clone());
            }),
        ),
        (
            "limit required and not there",
            format!("{KEY}/properties"),
            changed(|document| {
                schema(document, "ApiKey")["properties"]
                    .as_object_mut()
                    .unwrap()
                    .remove("limit");
            }),
        ),
        (
            "a type beside a reference",
            "#/components/schemas/UpdateKeyRequest/properties/limit_reset/type".to_owned(),
            changed(|document| {
                schema(document, "UpdateKeyRequest")["properties"]["limit_reset"]["type"] =
                    json!("string");
            }),
        ),
        (
            "a component that contains itself",
            "#/components/schemas/DataRegion/items".to_owned(),
            changed(|document| {
                let itself = json!({"$ref": "#/components/schemas/DataRegion"});
                *schema(document, "DataRegion") = json!({"type": "array", "items": itself});
            }),
        ),
        (
            "a reference to nothing",
            "#/paths/~1keys/get/responses/400".to_owned(),
            changed(|document| {
                let nothing = json!({"$ref": "#/components/responses/Nothing"});
                document["paths"]["/keys"]["get"]["responses"]["400"] = nothing;
            }),
        ),
        (
            "a reference to elsewhere",
            "#/paths/~1keys/get/responses/400".to_owned(),
            changed(|document| {
                document["paths"]["/keys"]["get"]["responses"]["400"] =
                    json!({"$ref": "other.yaml#/a"});
            }),
        ),
    ] {
        let misfit = prepared(&document).map(drop).expect_err(what);
        assert_eq!(misfit.at.to_string(), place, "{what}: {misfit}");
    }
}

/// Copies that say the same, as the official document writes the key, become one type.
#[test]
fn copies_written_out_in_place_become_one_type() {
    let inlined = changed(|document| {
        let mut key = schema(document, "ApiKey").clone();
        key["description"] = json!("another sentence");
        for name in ["KeyEnvelope", "CreatedKey"] {
            schema(document, name)["properties"]["data"] = key.clone();
        }
        schema(document, "KeyPage")["properties"]["data"]["items"] = key;
    });
    let types = |document: &Value| -> Vec<String> {
        let prepared = prepared(document).unwrap();
        prepared["components"]["schemas"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    assert_eq!(types(&inlined), types(&ours()));
}

#[test]
fn names_do_not_depend_on_the_documents_own() {
    let renamed = serde_json::to_string(&ours())
        .unwrap()
        .replace("ApiKey", "K1")
        .replace("CreateKeyRequest", "R1")
        .replace("LimitReset", "L1")
        .replace("createKeys", "make");
    let renamed = serde_json::from_str(&renamed).unwrap();
    let without_hash = |document: &Value| -> String {
        let text = generate_document(document).unwrap();
        text.lines()
            .filter(|line| !line.starts_with("// input"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    // Prose that mentions a name of the document's goes along, and nothing else.
    let ours = without_hash(&ours()).replace("LimitReset", "L1");
    assert_eq!(without_hash(&renamed), ours);
}

/// The generator's own default for a list is an empty one, which null is not.
#[test]
fn a_list_that_may_be_null_becomes_an_option() {
    let document = changed(|document| {
        let budgets = &mut schema(document, "CurrentKey")["properties"]["budgets"];
        budgets["type"] = json!(["array", "null"]);
    });
    let generated = generate_document(&document).unwrap();
    let list = "pub budgets: ::std::option::Option<::std::vec::Vec<KeyBudget>>,";
    assert!(generated.contains(list), "{list}");
}

/// An old client reads a new answer.
#[test]
fn no_type_refuses_unknown_fields() {
    let document = changed(|document| {
        for name in ["ApiKey", "CurrentKey", "KeyBudget"] {
            schema(document, name)["additionalProperties"] = json!(false);
        }
    });
    let generated = generate_document(&document).unwrap();
    assert!(!generated.contains("deny_unknown_fields"));
}
