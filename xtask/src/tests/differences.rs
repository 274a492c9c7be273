//! What `spec diff` says of changes to our description.

use serde_json::{Value, json};

use super::{Edit, add, changed, differences, ours, schema};
use crate::{diff, lower};

/// The lines for our description and `document`, and for the other direction.
fn both_ways(change: impl FnOnce(&mut Value)) -> [Vec<String>; 2] {
    let (ours, theirs) = (ours(), changed(change));
    [differences(&ours, &theirs), differences(&theirs, &ours)]
}

#[test]
fn a_description_does_not_differ_from_itself() {
    assert_eq!(differences(&ours(), &ours()), [""; 0]);
}

#[test]
fn prose_and_examples_and_order_are_no_difference() {
    let [lines, _] = both_ways(|document| {
        document["info"]["title"] = json!("Another title");
        document["info"]["description"] = json!("d");
        document["tags"] = json!([]);
        let operation = &mut document["paths"]["/keys"]["post"];
        operation["summary"] = json!("s");
        operation["tags"] = json!(["other"]);
        operation["externalDocs"] = json!({"url": "u"});
        operation["requestBody"]["description"] = json!("d");
        operation["requestBody"]["content"]["application/json"]["example"] = json!({"name": "n"});
        operation["responses"]["201"]["links"] = json!({"Next": {"operationId": "list"}});
        document["components"]["parameters"]["Hash"]["example"] = json!("h");
        let key = schema(document, "ApiKey");
        key["description"] = json!("d");
        key["title"] = json!("Key");
        key["example"] = json!({});
        key["required"].as_array_mut().unwrap().reverse();
        key["properties"]["name"]["examples"] = json!(["a"]);
        key["additionalProperties"] = json!(true);
        schema(document, "DataRegion")["enum"]
            .as_array_mut()
            .unwrap()
            .reverse();
    });
    assert_eq!(lines, [""; 0]);
}

/// A change to our description, the line that it makes, and the one for the way back.
#[test]
fn each_change_is_a_line_that_says_what_it_does_to_a_client() {
    type Case<'a> = ([&'a str; 2], Edit<'a>);
    let delete = "/paths/~1keys~1{hash}/delete";
    let cases: &[Case<'_>] = &[
        (
            ["breaking GET /key: removed", "compatible GET /key: added"],
            &|document| {
                document["paths"].as_object_mut().unwrap().remove("/key");
            },
        ),
        (
            [
                "compatible POST /keys/{hash}/rotate: added",
                "breaking POST /keys/{hash}/rotate: removed",
            ],
            &|document| {
                document["paths"]["/keys/{hash}/rotate"]["post"] = json!({"responses": {}});
            },
        ),
        (
            ["compatible PUT /keys: added", "breaking PUT /keys: removed"],
            &|document| {
                document["paths"]["/keys"]["put"] = json!({"responses": {}});
            },
        ),
        (
            [
                "compatible DELETE /keys/{hash} operation id: id changed from deleteKeys to remove",
                "compatible DELETE /keys/{hash} operation id: id changed from remove to deleteKeys",
            ],
            &|document| {
                document.pointer_mut(delete).unwrap()["operationId"] = json!("remove");
            },
        ),
        (
            [
                "compatible DELETE /keys/{hash}: deprecation changed from not deprecated to deprecated",
                "compatible DELETE /keys/{hash}: deprecation changed from deprecated to not deprecated",
            ],
            &|document| {
                document.pointer_mut(delete).unwrap()["deprecated"] = json!(true);
            },
        ),
        (
            [
                "compatible DELETE /keys/{hash} 419: added",
                "compatible DELETE /keys/{hash} 419: removed",
            ],
            &|document| {
                document.pointer_mut(delete).unwrap()["responses"]["419"] =
                    json!({"$ref": "#/components/responses/NotFound"});
            },
        ),
        (
            [
                "breaking DELETE /keys/{hash} 202: added",
                "breaking DELETE /keys/{hash} 202: removed",
            ],
            &|document| {
                document.pointer_mut(delete).unwrap()["responses"]["202"] = json!({});
            },
        ),
        (
            [
                "compatible DELETE /keys/{hash} 404 text/html: added",
                "breaking DELETE /keys/{hash} 404 text/html: removed",
            ],
            &|document| {
                document.pointer_mut(delete).unwrap()["responses"]["404"] = json!({"content": {
                    "text/html": {},
                    "application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}},
                }});
            },
        ),
        (
            [
                "compatible DELETE /keys/{hash} body: added: optional",
                "breaking DELETE /keys/{hash} body: removed",
            ],
            &|document| {
                document.pointer_mut(delete).unwrap()["requestBody"] = json!({"content": {}});
            },
        ),
        (
            [
                "breaking DELETE /keys/{hash} body: added: required",
                "breaking DELETE /keys/{hash} body: removed",
            ],
            &|document| {
                document.pointer_mut(delete).unwrap()["requestBody"] =
                    json!({"required": true, "content": {}});
            },
        ),
        (
            [
                "compatible DELETE /keys/{hash} query test_why: added: string, optional",
                "breaking DELETE /keys/{hash} query test_why: removed: string, optional",
            ],
            &|document| {
                document.pointer_mut(delete).unwrap()["parameters"] =
                    json!([{"name": "test_why", "in": "query", "schema": {"type": "string"}}]);
            },
        ),
        (
            [
                "breaking DELETE /keys/{hash} query test_why: added: string, required",
                "breaking DELETE /keys/{hash} query test_why: removed: string, required",
            ],
            &|document| {
                document.pointer_mut(delete).unwrap()["parameters"] = json!([{"name": "test_why", "in": "query", "required": true, "schema": {"type": "string"}}]);
            },
        ),
        (
            [
                "breaking GET /keys query offset: required changed from optional to required",
                "compatible GET /keys query offset: required changed from required to optional",
            ],
            &|document| {
                document["components"]["parameters"]["Offset"]["required"] = json!(true);
            },
        ),
        (
            [
                "breaking GET /keys query offset: minimum changed from 0 to 1",
                "compatible GET /keys query offset: minimum changed from 1 to 0",
            ],
            &|document| {
                document["components"]["parameters"]["Offset"]["schema"]["minimum"] = json!(1);
            },
        ),
        (
            [
                "compatible GET /keys query offset: type changed from integer to number",
                "breaking GET /keys query offset: type changed from number to integer",
            ],
            &|document| {
                document["components"]["parameters"]["Offset"]["schema"]["type"] = json!("number");
            },
        ),
        (
            [
                "compatible GET /keys query workspace_id: format changed from uuid to none",
                "breaking GET /keys query workspace_id: format changed from none to uuid",
            ],
            &|document| {
                document["components"]["parameters"]["WorkspaceId"]["schema"] =
                    json!({"type": "string"});
            },
        ),
        (
            [
                "compatible POST /keys body test_colour: added: string (blue, red) or null, optional",
                "breaking POST /keys body test_colour: removed: string (blue, red) or null, optional",
            ],
            &|document| {
                schema(document, "CreateKeyRequest")["properties"]["test_colour"] =
                    json!({"enum": ["red", "blue", null]});
            },
        ),
        (
            [
                "breaking POST /keys body test_colour: added: string, required",
                "breaking POST /keys body test_colour: removed: string, required",
            ],
            &|document| {
                add(
                    document,
                    "CreateKeyRequest",
                    "test_colour",
                    json!({"type": "string"}),
                );
            },
        ),
        (
            [
                "compatible POST /keys body external.test_colour: added: array of string, optional",
                "breaking POST /keys body external.test_colour: removed: array of string, optional",
            ],
            &|document| {
                schema(document, "ExternalUser")["properties"]["test_colour"] =
                    json!({"type": "array", "items": {"type": "string"}});
            },
        ),
        (
            [
                "breaking POST /keys body external.api_key: minLength changed from 32 to 64",
                "compatible POST /keys body external.api_key: minLength changed from 64 to 32",
            ],
            &|document| {
                schema(document, "ExternalUser")["properties"]["api_key"]["minLength"] = json!(64);
            },
        ),
        (
            [
                "compatible POST /keys body name: nullability changed from string to string or null",
                "breaking POST /keys body name: nullability changed from string or null to string",
            ],
            &|document| {
                schema(document, "CreateKeyRequest")["properties"]["name"]["type"] =
                    json!(["string", "null"]);
            },
        ),
        (
            [
                "compatible POST /keys body name: required changed from required to optional",
                "breaking POST /keys body name: required changed from optional to required",
            ],
            &|document| {
                schema(document, "CreateKeyRequest")["required"] = json!([]);
            },
        ),
        (
            [
                "breaking PATCH /keys/{hash} body name: maxLength changed from none to 9",
                "compatible PATCH /keys/{hash} body name: maxLength changed from 9 to none",
            ],
            &|document| {
                schema(document, "UpdateKeyRequest")["properties"]["name"]["maxLength"] =
                    json!(9.0);
            },
        ),
        (
            [
                "compatible GET /key 200 data.label: maxLength changed from none to 9",
                "compatible GET /key 200 data.label: maxLength changed from 9 to none",
            ],
            &|document| {
                schema(document, "CurrentKey")["properties"]["label"]["maxLength"] = json!(9);
                schema(document, "CurrentKey")["properties"]["label"]["minLength"] = json!(0);
            },
        ),
        (
            [
                "compatible DELETE /keys/{hash} 200 deleted: enum changed from any to false",
                "compatible DELETE /keys/{hash} 200 deleted: enum changed from false to any",
            ],
            &|document| {
                schema(document, "DeletedKey")["properties"]["deleted"] =
                    json!({"type": "boolean", "const": false});
            },
        ),
        (
            [
                "compatible PATCH /keys/{hash} body disabled: default changed from none to false",
                "compatible PATCH /keys/{hash} body disabled: default changed from false to none",
            ],
            &|document| {
                schema(document, "UpdateKeyRequest")["properties"]["disabled"]["default"] =
                    json!(false);
            },
        ),
        (
            [
                "breaking PATCH /keys/{hash} body name: pattern changed from none to ^a",
                "compatible PATCH /keys/{hash} body name: pattern changed from ^a to none",
            ],
            &|document| {
                schema(document, "UpdateKeyRequest")["properties"]["name"]["pattern"] = json!("^a");
            },
        ),
        (
            [
                "breaking PATCH /keys/{hash} body name: enum changed from any to a",
                "compatible PATCH /keys/{hash} body name: enum changed from a to any",
            ],
            &|document| {
                schema(document, "UpdateKeyRequest")["properties"]["name"]["enum"] = json!(["a"]);
            },
        ),
        (
            [
                "breaking PATCH /keys/{hash} body name: type changed from string to integer",
                "breaking PATCH /keys/{hash} body name: type changed from integer to string",
            ],
            &|document| {
                schema(document, "UpdateKeyRequest")["properties"]["name"] =
                    json!({"type": "integer"});
            },
        ),
        (
            [
                "compatible GET /key 200 data.organization_id: nullability changed from string or null to string",
                "breaking GET /key 200 data.organization_id: nullability changed from string to string or null",
            ],
            &|document| {
                schema(document, "CurrentKey")["properties"]["organization_id"]["type"] =
                    json!("string");
            },
        ),
        (
            [
                "breaking GET /key 200 data.organization_id: required changed from required to optional",
                "compatible GET /key 200 data.organization_id: required changed from optional to required",
            ],
            &|document| {
                schema(document, "CurrentKey")["required"]
                    .as_array_mut()
                    .unwrap()
                    .retain(|name| name != "organization_id");
            },
        ),
        (
            [
                "compatible GET /key 200 data.test_colour: added: object, required",
                "breaking GET /key 200 data.test_colour: removed: object, required",
            ],
            &|document| {
                add(
                    document,
                    "CurrentKey",
                    "test_colour",
                    json!({"properties": {"r": {"type": "integer"}}}),
                );
            },
        ),
        (
            [
                "compatible GET /key 200 data.is_free_tier: deprecation changed from not deprecated to deprecated",
                "compatible GET /key 200 data.is_free_tier: deprecation changed from deprecated to not deprecated",
            ],
            &|document| {
                schema(document, "CurrentKey")["properties"]["is_free_tier"]["deprecated"] =
                    json!(true);
            },
        ),
        (
            [
                "breaking GET /key 200 data.is_free_tier: type changed from boolean to string",
                "breaking GET /key 200 data.is_free_tier: type changed from string to boolean",
            ],
            &|document| {
                schema(document, "CurrentKey")["properties"]["is_free_tier"]["type"] =
                    json!("string");
            },
        ),
        (
            [
                "compatible GET /key 200 data.allowed_data_regions[]: value added: mars",
                "compatible GET /key 200 data.allowed_data_regions[]: value removed: mars",
            ],
            &|document| {
                schema(document, "DataRegion")["enum"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!("mars"));
            },
        ),
        (
            [
                "breaking GET /key 200 data.allowed_data_regions: type changed from array of string (europe, global, us) to string (europe, global, us)",
                "breaking GET /key 200 data.allowed_data_regions: type changed from string (europe, global, us) to array of string (europe, global, us)",
            ],
            &|document| {
                schema(document, "CurrentKey")["properties"]["allowed_data_regions"] =
                    json!({"$ref": "#/components/schemas/DataRegion"});
            },
        ),
        (
            [
                "breaking GET /key 200 data.expires_at: format changed from date-time to date",
                "breaking GET /key 200 data.expires_at: format changed from date to date-time",
            ],
            &|document| {
                schema(document, "CurrentKey")["properties"]["expires_at"]["format"] =
                    json!("date");
            },
        ),
        (
            [
                "breaking GET /key 200 data.expires_at: format changed from date-time to none",
                "compatible GET /key 200 data.expires_at: format changed from none to date-time",
            ],
            &|document| {
                schema(document, "CurrentKey")["properties"]["expires_at"]["format"].take();
                schema(document, "CurrentKey")["properties"]["expires_at"]
                    .as_object_mut()
                    .unwrap()
                    .remove("format");
            },
        ),
        (
            [
                "breaking GET /key 200 data.rate_limit.requests: type changed from integer to number",
                "compatible GET /key 200 data.rate_limit.requests: type changed from number to integer",
            ],
            &|document| {
                schema(document, "RateLimit")["properties"]["requests"]["type"] = json!("number");
            },
        ),
    ];
    for (lines, change) in cases {
        let [there, back] = both_ways(change);
        assert_eq!(there, lines[..1], "there");
        assert_eq!(back, lines[1..], "back");
    }
}

#[test]
fn a_value_that_can_be_sent_no_more_breaks_and_a_new_one_does_not() {
    let [there, back] = both_ways(|document| {
        let values = schema(document, "LimitReset")["enum"]
            .as_array_mut()
            .unwrap();
        values.retain(|value| value != "monthly");
        values.push(json!("test_yearly"));
    });
    assert_eq!(
        there,
        [
            "breaking POST /keys body limit_reset: value removed: monthly",
            "compatible POST /keys body limit_reset: value added: test_yearly",
            "breaking PATCH /keys/{hash} body limit_reset: value removed: monthly",
            "compatible PATCH /keys/{hash} body limit_reset: value added: test_yearly",
        ]
    );
    assert_eq!(back.len(), 4);
}

/// A field of an answer, or of a request, that is one of several, and what is said of it afterwards.
#[test]
fn alternatives_are_compared_as_a_whole() {
    let [text, number] = [json!({"type": "string"}), json!({"type": "number"})];
    let [small, large] = [json!({"a": text}), json!({"a": text, "b": text})]
        .map(|properties| json!({"type": "object", "properties": properties}));
    let either = |one: &Value, other: &Value| json!({"anyOf": [one, other]});
    let field = |name: &'static str, written: &Value| {
        changed(|document| {
            schema(document, name)["properties"]["test_new"] = written.clone();
        })
    };
    let nothing = json!({"type": "null"});
    for (one, other, [answer, request], what) in [
        // The same, in another way.
        (
            either(&text, &number),
            json!({"type": ["number", "string"]}),
            ["", ""],
            "",
        ),
        (
            either(&json!({"type": ["string", "null"]}), &number),
            json!({"anyOf": [text, number, nothing]}),
            ["", ""],
            "",
        ),
        (
            either(&either(&text, &small), &number),
            json!({"oneOf": [number, text, small]}),
            ["", ""],
            "",
        ),
        (either(&text, &text), text.clone(), ["", ""], ""),
        (
            json!({"oneOf": [{"const": "a", "description": "A."}, {"const": "b"}, nothing]}),
            json!({"type": ["string", "null"], "enum": ["b", "a", null]}),
            ["", ""],
            "",
        ),
        // Less and more.
        (
            either(&text, &number),
            text.clone(),
            ["compatible", "breaking"],
            "type changed from string or number to string",
        ),
        (
            text.clone(),
            either(&text, &number),
            ["breaking", "compatible"],
            "type changed from string to string or number",
        ),
        (
            either(&text, &small),
            either(&text, &large),
            ["breaking", "breaking"],
            "changed within string or object",
        ),
        (
            text.clone(),
            json!({}),
            ["breaking", "compatible"],
            "type changed from string to any value",
        ),
    ] {
        for (name, place, effect) in [
            ("CurrentKey", "GET /key 200 data.test_new", answer),
            (
                "UpdateKeyRequest",
                "PATCH /keys/{hash} body test_new",
                request,
            ),
        ] {
            let lines = differences(&field(name, &one), &field(name, &other));
            let expected = format!("{effect} {place}: {what}");
            let expected = (!what.is_empty()).then_some(expected);
            assert_eq!(lines, Vec::from_iter(expected), "{one} and {other}");
        }
    }
}

/// The work must not double with each step inwards.
#[test]
fn alternatives_within_alternatives_take_no_time() {
    let mut deep = json!({"type": "string"});
    for _ in 0..20 {
        let object = json!({"properties": {"a": deep, "b": {"type": "string"}}});
        deep = json!({"anyOf": [object, {"type": "number"}, {"type": "array", "items": {}}]});
    }
    let document = changed(|document| {
        schema(document, "ApiKey")["properties"]["test_new"] = deep;
    });
    assert_eq!(differences(&document, &document), [""; 0]);
}

#[test]
fn maps_are_compared_by_what_they_hold() {
    let map = |inner: Value| {
        changed(|document| {
            let map = json!({"type": "object", "additionalProperties": inner});
            schema(document, "CurrentKey")["properties"]["test_map"] = map;
        })
    };
    let [text, number] = ["string", "number"].map(|name| map(json!({"type": name})));
    assert_eq!(
        differences(&text, &number),
        ["breaking GET /key 200 data.test_map.*: type changed from string to number"]
    );
    assert_eq!(
        differences(&text, &map(json!({}))),
        ["breaking GET /key 200 data.test_map: type changed from object of string to object"]
    );
}

#[test]
fn a_path_that_is_elsewhere_is_not_taken_for_one_that_is_gone() {
    for path in ["/key", "/keys/test"] {
        let document = changed(|document| document["paths"][path] = json!({"$ref": "other.yaml"}));
        let misfit = lower::read(&document).unwrap_err().to_string();
        assert!(
            misfit.starts_with("#/paths/") && misfit.contains("/$ref: expected"),
            "{misfit}"
        );
    }
}

#[test]
fn servers_and_authentication_are_compared_where_both_documents_have_them() {
    let [there, back] = both_ways(|document| {
        document["servers"] = json!([{"url": "https://eu.openrouter.ai/api/v1"}]);
    });
    let lines = [
        "breaking https://openrouter.ai/api/v1: removed",
        "compatible https://eu.openrouter.ai/api/v1: added",
    ];
    assert_eq!(there, lines);
    assert_eq!(back.len(), 2);
    let [there, _] = both_ways(|document| {
        document["components"]["securitySchemes"]["ordinaryKey"] =
            json!({"type": "http", "scheme": "basic"});
    });
    assert_eq!(
        there,
        ["compatible GET /key authentication http basic: added"]
    );
    let [there, back] = both_ways(|document| {
        let map = document.as_object_mut().unwrap();
        map.remove("servers");
        map.remove("security");
        map["components"]
            .as_object_mut()
            .unwrap()
            .remove("securitySchemes");
        document["paths"]["/key"]["get"]
            .as_object_mut()
            .unwrap()
            .remove("security");
    });
    assert_eq!([there, back], [[""; 0], [""; 0]]);
}

#[test]
fn the_json_says_what_the_lines_say() {
    let theirs = changed(|document| {
        schema(document, "CreateKeyRequest")["properties"]["limit"]["type"] = json!("number");
        schema(document, "LimitReset")["enum"]
            .as_array_mut()
            .unwrap()
            .push(json!("test_hourly"));
    });
    let [ours, theirs] = [ours(), theirs].map(|document| lower::read(&document).unwrap());
    let differences = diff::differences(&ours, &theirs);
    let json = diff::as_json(&differences);
    assert_eq!(
        json[0],
        json!({
            "effect": "breaking",
            "operation": "POST /keys",
            "subject": "body limit",
            "kind": "body_field",
            "change": "changed",
            "aspect": "nullability",
            "from": "number or null",
            "to": "number",
            "at": "#/components/schemas/CreateKeyRequest/properties/limit",
        })
    );
    assert_eq!(json[1]["change"], "added");
    assert_eq!(json[1]["aspect"], "enum");
    assert_eq!(json[1]["from"], Value::Null);
    assert_eq!(json[1]["to"], "test_hourly");
    assert_eq!(json.as_array().unwrap().len(), 3);
    let text = diff::as_text(&differences);
    assert_eq!(text.lines().last(), Some("3 differences, 1 breaking"));
    assert_eq!(diff::as_text(&[]), "no difference\n");
}
