//! What holds of every description that goes through.

use serde_json::{Value, json};

use super::shuffled::Shuffle;
use super::{Edit, add, changed, differences, generated, lowered, ours, schema};
use crate::commands::{GENERATED, Source, difference};
use crate::misfit::Pointer;
use crate::{document, repository, select};

#[test]
fn the_committed_file_is_what_our_description_gives() {
    let fresh = generated(&ours()).unwrap();
    let committed = std::fs::read_to_string(repository().join(GENERATED)).unwrap();
    assert_eq!(difference(GENERATED, &committed, &fresh), None);
}

#[test]
fn a_stale_file_is_shown_as_a_diff() {
    assert_eq!(difference("f", "a\nb\n", "a\nb\n"), None);
    let shown = difference("f", "a\nb\n", "a\nc\n").unwrap();
    for line in ["--- f (committed)", "+++ f (fresh)", " a", "-b", "+c"] {
        assert!(shown.lines().any(|shown| shown == line), "{shown}");
    }
}

#[test]
fn the_order_of_the_file_changes_nothing() {
    let expected = generated(&ours()).unwrap();
    for seed in 1..=3 {
        let text = Shuffle(seed).text(&ours());
        let shuffled = document::parse(&text).unwrap();
        assert_eq!(generated(&shuffled).unwrap(), expected, "seed {seed}");
    }
}

#[test]
fn lowering_what_is_lowered_changes_nothing() {
    let once = lowered(&ours()).unwrap();
    assert_eq!(lowered(&once).unwrap(), once);
    assert_eq!(once["openapi"], "3.0.3");
}

#[test]
fn selecting_twice_is_selecting_once() {
    let mut document = ours();
    // What an example looks like is nobody's business.
    let unread = json!({"$ref": "nowhere"});
    schema(&mut document, "ApiKey")["example"] = unread.clone();
    schema(&mut document, "ApiKey")["x-test"] = unread.clone();
    schema(&mut document, "ApiKey")["default"] = unread;
    // But properties may be called so, and an example that is a component goes along.
    for name in ["example", "default", "properties"] {
        let component = format!("Test_{name}");
        schema(&mut document, "ApiKey")["properties"][name] =
            json!({"$ref": format!("#/components/schemas/{component}")});
        *schema(&mut document, &component) = json!({"type": "string"});
    }
    document["components"]["examples"]["Test"] = json!({"value": 1});
    let success = &mut document["paths"]["/key"]["get"]["responses"]["200"];
    success["content"]["application/json"]["examples"]["test"] =
        json!({"$ref": "#/components/examples/Test"});
    let expected = document.clone();

    document["paths"]["/chat"] = json!({"post": {"responses": {}}});
    document["paths"]["/keys"]["put"] = json!({"responses": {}});
    document["components"]["schemas"]["Unused"] = json!({"type": "string"});
    document["components"]["securitySchemes"]["unused"] =
        json!({"type": "http", "scheme": "basic"});
    document["tags"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "chat"}));
    document["x-root"] = json!(1);
    let selected = select::select(&document).unwrap();
    assert_eq!(select::select(&selected).unwrap(), selected);
    assert_eq!(selected, expected);

    let left_out = |document: &Value| select::left_out(document, &selected, &Pointer::root());
    assert_eq!(
        left_out(&document).unwrap().to_string(),
        "#/components/schemas/Unused"
    );
    assert_eq!(left_out(&selected), None);
    assert!(
        Source::of(ours())
            .has_nothing_beside(&select::select(&ours()).unwrap())
            .is_ok()
    );
    let error = Source::of(document)
        .has_nothing_beside(&selected)
        .unwrap_err();
    assert!(
        error.contains("#/components/schemas/Unused: expected nothing but"),
        "{error}"
    );
}

#[test]
fn a_slice_gives_the_bytes_of_the_whole() {
    let mut whole = ours();
    whole["paths"]["/chat"] = json!({"post": {"responses": {}}});
    whole["components"]["schemas"]["Unused"] = json!({"type": "string"});
    let slice = document::to_yaml(&Source::of(whole.clone()).selected().unwrap()).unwrap();
    let slice = document::parse(&slice).unwrap();
    assert_eq!(generated(&slice), generated(&whole));
    assert_eq!(differences(&whole, &slice), [""; 0]);
}

/// Links, examples and bounds are for other tools: they must not find their way into the client by mistake.
#[test]
fn what_only_other_tools_read_is_not_generated() {
    let mut bare = ours();
    for (path, method, status) in [
        ("/keys", "post", "201"),
        ("/keys/{hash}", "get", "200"),
        ("/keys/{hash}", "patch", "200"),
    ] {
        let operation = &mut bare["paths"][path][method];
        let success = operation["responses"][status].as_object_mut().unwrap();
        assert!(success.remove("links").is_some(), "{method} {path}");
        if let Some(body) = operation.get_mut("requestBody") {
            let json = body["content"]["application/json"].as_object_mut().unwrap();
            assert!(json.remove("examples").is_some(), "{method} {path}");
        }
    }
    bare["components"].as_object_mut().unwrap().remove("links");
    for parameter in bare["components"]["parameters"]
        .as_object_mut()
        .unwrap()
        .values_mut()
    {
        parameter.as_object_mut().unwrap().remove("example");
    }
    for (body, field, bound) in [
        ("CreateKeyRequest", "expires_at", "pattern"),
        ("CreateKeyRequest", "limit", "minimum"),
        ("UpdateKeyRequest", "limit", "minimum"),
    ] {
        let field = schema(&mut bare, body)["properties"][field]
            .as_object_mut()
            .unwrap();
        assert!(field.remove(bound).is_some(), "{body} {bound}");
    }
    assert_eq!(lowered(&bare), lowered(&ours()));
    assert_eq!(select::select(&ours()).unwrap(), ours());
}

/// What upstream does unannounced, according to its own policy.
#[test]
fn additions_are_no_error() {
    let additions: &[(&str, Edit<'_>)] = &[
        ("a field", &|document| {
            add(
                document,
                "ApiKey",
                "test_colour",
                json!({"type": ["string", "null"], "enum": ["red", null]}),
            );
        }),
        ("a field with a format that nobody knows", &|document| {
            add(
                document,
                "ApiKey",
                "test_colour",
                json!({"type": "string", "format": "hex"}),
            );
        }),
        ("a field of any shape", &|document| {
            add(
                document,
                "ApiKey",
                "test_extra",
                json!({"type": ["object", "null"], "additionalProperties": {}}),
            );
        }),
        ("a field of many shapes", &|document| {
            let shapes = json!([{"type": "string"}, {"type": "array", "items": {"type": "number"}}, {"type": "null"}]);
            add(document, "ApiKey", "test_extra", json!({"anyOf": shapes}));
        }),
        ("an object that may be null", &|document| {
            let owner = json!({"type": ["object", "null"], "required": ["id"], "properties": {"id": {"type": "string"}}});
            add(document, "ApiKey", "test_owner", owner);
        }),
        ("a list that may be null", &|document| {
            let tags =
                json!({"type": ["array", "null"], "items": {"type": "string"}, "maxItems": 3});
            add(document, "ApiKey", "test_tags", tags);
        }),
        ("maps of objects and lists of lists", &|document| {
            let inner = json!({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "array", "items": {"type": ["integer", "null"]}}}}});
            add(
                document,
                "CurrentKey",
                "test_deep",
                json!({"type": "object", "additionalProperties": inner}),
            );
        }),
        ("a query parameter", &|document| {
            let parameter = json!({"name": "test_sort", "in": "query", "schema": {"type": "string", "enum": ["a"]}});
            document["paths"]["/keys"]["get"]["parameters"]
                .as_array_mut()
                .unwrap()
                .push(parameter);
        }),
        (
            "a query parameter that may stand more than once",
            &|document| {
                let parameter = json!({"name": "test_tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}});
                document["paths"]["/keys"]["get"]["parameters"]
                    .as_array_mut()
                    .unwrap()
                    .push(parameter);
            },
        ),
        ("a body field", &|document| {
            schema(document, "UpdateKeyRequest")["properties"]["test_colour"] =
                json!({"type": ["string", "null"]});
        }),
        ("a body field that is an object or null", &|document| {
            let limits = json!({"type": ["object", "null"], "properties": {"day": {"type": ["number", "null"]}}});
            schema(document, "CreateKeyRequest")["properties"]["test_limits"] = limits;
        }),
        ("a status", &|document| {
            let conflict = json!({"$ref": "#/components/responses/Conflict"});
            document["paths"]["/keys"]["post"]["responses"]["419"] = conflict;
        }),
        ("an enum value", &|document| {
            schema(document, "LimitReset")["enum"]
                .as_array_mut()
                .unwrap()
                .push(json!("test_hourly"));
        }),
    ];
    for (what, change) in additions {
        let document = changed(change);
        generated(&document).unwrap_or_else(|error| panic!("{what}: {error}"));
        let once = lowered(&document).unwrap();
        assert_eq!(
            lowered(&once).as_ref(),
            Ok(&once),
            "{what}: lowering what is lowered"
        );
        assert_ne!(differences(&ours(), &document), [""; 0], "{what}");
    }
}

#[test]
fn an_unknown_field_changes_the_output_by_itself_alone() {
    let document =
        changed(|document| add(document, "ApiKey", "test_colour", json!({"type": "string"})));
    let mut expected = lowered(&ours()).unwrap();
    expected["components"]["schemas"]["ApiKey"]["properties"]["test_colour"] =
        json!({"type": "string"});
    assert_eq!(lowered(&document).unwrap(), expected);

    let (before, after) = (generated(&ours()).unwrap(), generated(&document).unwrap());
    let shown = difference("f", &before, &after).unwrap();
    let lines = |sign: char| -> Vec<&str> {
        let lines = shown
            .lines()
            .skip(2)
            .filter(move |line| line.starts_with(sign));
        lines.collect()
    };
    let removed = lines('-');
    assert!(
        matches!(removed[..], [hash] if hash.starts_with("-// input-sha256")),
        "{removed:?}"
    );
    assert!(
        lines('+')
            .iter()
            .filter(|line| line.contains("test_colour"))
            .count()
            > 4,
        "{shown}"
    );
    for kind in ["struct", "impl", "fn"] {
        let new: Vec<_> = lines('+')
            .into_iter()
            .filter(|line| line.contains(&format!("{kind} ")))
            .collect();
        assert!(
            new.iter().all(|line| line.contains("fn test_colour")),
            "{new:?}"
        );
    }
}

#[test]
fn names_do_not_depend_on_the_documents_own() {
    let renamed = serde_json::to_string(&ours())
        .unwrap()
        .replace("/ApiKey\"", "/CurrentKey1\"")
        .replace("\"ApiKey\"", "\"CurrentKey1\"")
        // A component that happens to have the name of another of our types.
        .replace("/KeyPage\"", "/KeyBudget1\"")
        .replace("\"KeyPage\"", "\"KeyBudget1\"")
        .replace("/CreateKeyRequest\"", "/ApiKey\"")
        .replace("\"CreateKeyRequest\"", "\"ApiKey\"")
        .replace("\"createKeys\"", "\"make\"");
    let renamed: Value = serde_json::from_str(&renamed).unwrap();
    assert_ne!(renamed, ours());
    assert_eq!(lowered(&renamed), lowered(&ours()));
}

/// The generator's own default for a list is an empty one, which null is not.
#[test]
fn a_list_of_an_answer_may_be_null() {
    let generated = generated(&ours()).unwrap();
    let list = "pub budgets: ::std::option::Option<::std::vec::Vec<KeyBudget>>,";
    assert!(generated.contains(list), "{list}");
}

#[test]
fn what_a_list_or_a_map_holds_may_be_null() {
    let document = changed(|document| {
        let number = json!({"type": ["number", "null"]});
        let list = json!({"type": "array", "items": number});
        add(document, "ApiKey", "test_list", list);
        let map = json!({"type": "object", "additionalProperties": number});
        add(document, "ApiKey", "test_map", map);
    });
    let key = &lowered(&document).unwrap()["components"]["schemas"]["ApiKey"]["properties"];
    let number = json!({"type": "number", "nullable": true});
    assert_eq!(key["test_list"]["items"], number);
    assert_eq!(key["test_map"]["additionalProperties"], number);
}

#[test]
fn an_object_does_not_take_the_name_of_one_that_is_known() {
    let object = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let document = changed(|document| add(document, "CurrentKey", "envelope", object));
    let schemas = &lowered(&document).unwrap()["components"]["schemas"];
    assert!(schemas.get("CurrentKeyEnvelopeObject").is_some());
}

#[test]
fn references_are_unescaped() {
    let escaped = serde_json::to_string(&ours())
        .unwrap()
        .replace("schemas/ApiKey\"", "schemas/Api%20Key~1%7E0\"")
        .replace("\"ApiKey\":", "\"Api Key/~\":");
    let escaped: Value = serde_json::from_str(&escaped).unwrap();
    assert_ne!(escaped, ours());
    assert_eq!(lowered(&escaped), lowered(&ours()));
}

#[test]
fn prose_has_nothing_that_rust_refuses_in_a_comment() {
    let document = changed(|document| {
        schema(document, "ApiKey")["description"] = json!("a\rb\r\nc\u{202e}d\0e */ \t f");
    });
    let prose = &lowered(&document).unwrap()["components"]["schemas"]["ApiKey"]["description"];
    assert_eq!(prose, "a\nb\ncde */ \t f");
    generated(&document).unwrap();
}

/// An old client reads a new answer.
#[test]
fn no_type_refuses_unknown_fields() {
    let document = changed(|document| {
        for name in ["ApiKey", "CurrentKey", "KeyBudget"] {
            schema(document, name)["additionalProperties"] = json!(false);
        }
    });
    assert_eq!(lowered(&document), lowered(&ours()));
    assert!(
        !generated(&document)
            .unwrap()
            .contains("deny_unknown_fields")
    );
}
