//! The facade offers all that the description of the API has, and makes nothing up.
//!
//! The description is openapi.yaml. What the facade offers is taken from the facade alone: from the requests that its
//! setters send, the schemas of its types, and the errors that it makes of answers. So a change of the description fails
//! one test here, which lists what is to be done, and no other.

mod compare;
mod description;
mod facade;
mod shape;

use std::path::Path;

use serde_json::{Value, json};

use compare::differences;

/// Differences that are meant, and why.
const MEANT: [(&str, &str); 3] = [
    (
        "CurrentKey lacks the field 'is_provisioning_key' (answer of GET /key)",
        "the older name of is_management_key, which is read from either",
    ),
    (
        "DELETE /keys/{hash}: nothing reads the field 'deleted' of the answer",
        "it is always true: that the call succeeded says the same",
    ),
    (
        "POST /keys: no setter sends null for the body field 'creator_user_id'",
        "a key that is made on nobody's behalf is one whose creator is not mentioned",
    ),
];

#[tokio::test]
async fn the_facade_offers_all_that_the_description_has() {
    let mut lines = differences(&document(), &facade::offers().await);
    lines.retain(|line| MEANT.iter().all(|(meant, _)| line != meant));
    assert!(
        lines.is_empty(),
        "the facade and openapi/openapi.yaml differ:\n  {}\n\
         CONTRIBUTING.md says where each belongs. A difference that is meant goes into the table of this test.",
        lines.join("\n  ")
    );
}

/// What is added to the description makes a line each, whatever else it says.
#[tokio::test]
async fn each_addition_is_named() {
    let offers = facade::offers().await;
    let before = with(&json!({}), &json!({}));
    let mut after = with(
        &json!({"only_here": {"type": "string"}}),
        &json!({"enum": ["only_here"]}),
    );
    let parameter = json!({"name": "only_here", "in": "query", "schema": {"type": "string"}});
    add_parameter(&mut after, "/keys", "get", parameter);
    after["paths"]["/key"]["get"]["responses"]["427"] = json!({"description": "Only here."});
    after["paths"]["/only-here"] = json!({"put": {"responses": {}}});

    assert_eq!(
        new_lines(&differences(&before, &offers), differences(&after, &offers)),
        [
            "CurrentKey has no name for the value 'only_here' of the field 'allowed_data_regions[]' (answer of GET /key)",
            "CurrentKey lacks the field 'budgets[].only_here' (answer of GET /key)",
            "GET /key: status 427 has no kind of its own",
            "GET /keys: no setter for the query parameter 'only_here'",
            "GET /keys: nothing reads the field 'only_here' of the answer",
            "Key lacks the field 'only_here' (answer of GET /keys, POST /keys)",
            "POST /keys: no setter for the body field 'external.only_here'",
            "POST /keys: no setter for the body field 'only_here'",
            "POST /keys: no setter sends 'only_here' for the body field 'limit_reset'",
            "PUT /only-here: no verb of the client calls it",
        ]
    );
}

/// The description with these fields more in objects of every kind, and this said of strings that have names.
fn with(fields: &Value, names: &Value) -> Value {
    let mut document = document();
    let mut page = fields.clone();
    page["data"] = json!({"items": {"properties": fields}});
    add_to_answer(&mut document, "/keys", "get", "200", &page);
    let created = json!({"data": {"properties": fields}});
    add_to_answer(&mut document, "/keys", "post", "201", &created);
    let current = json!({"data": {"properties": {
        "allowed_data_regions": {"items": names},
        "budgets": {"items": {"properties": fields}},
    }}});
    add_to_answer(&mut document, "/key", "get", "200", &current);
    let mut body = fields.clone();
    body["external"] = json!({"properties": fields});
    body["limit_reset"] = json!({"allOf": [names], "nullable": true});
    add_to_body(&mut document, "/keys", "post", &body);
    document
}

/// Two descriptions of one operation, in which nothing agrees, and what they make of it.
#[tokio::test]
async fn what_is_of_another_kind_or_made_up_is_named() {
    let describes = |offset: Value, body: Value, key: Value| {
        let answer = json!({"properties": {"data": key, "key": {"type": "string"}}});
        json!({"paths": {"/keys": {
            "parameters": [{"$ref": "#/offset"}, {"name": "limit", "in": "header"}],
            "get": {},
            "post": {
                "requestBody": {"content": {"application/json; charset=utf-8": {"schema": body}}},
                "responses": {"2XX": {"content": {"application/json": {"schema": answer}}}},
            },
        }}, "offset": {"name": "offset", "in": "query", "schema": offset}})
    };
    let offers = facade::offers().await;
    let before = describes(
        json!({"type": "integer"}),
        json!({"required": ["name"], "properties": {
            "name": {"type": "string"},
            "limit": {"type": "number", "nullable": true},
            "expires_at": {"type": "string", "nullable": true},
        }}),
        json!({"required": ["name"], "properties": {
            "name": {"type": "string"}, "hash": {"type": "string"}, "limit": {"type": "number"},
        }}),
    );
    let after = describes(
        json!({"type": "string", "x-openrouter-type": "boolean"}),
        json!({"required": ["limit"], "properties": {
            "limit": {"type": "integer"},
            "expires_at": {"type": "string", "nullable": true},
            "name": {"type": ["string", "null"]},
        }}),
        json!({"properties": {
            "name": {"type": ["string", "null"]}, "limit": {"type": ["string", "number"]},
        }}),
    );
    assert_eq!(
        new_lines(&differences(&before, &offers), differences(&after, &offers)),
        [
            "GET /keys: sends '200' as the query parameter 'offset', which the description has as boolean",
            "Key does not allow null for the field 'name', which the description does (answer of POST /keys)",
            "Key has the field 'hash', which the description lacks (answer of POST /keys)",
            "Key insists on the field 'name', which the description does not require (answer of POST /keys)",
            "Key reads the field 'limit' as number, which the description has as number or string (answer of POST /keys)",
            "POST /keys: can leave out the body field 'limit', which the description requires",
            "POST /keys: no setter sends null for the body field 'name'",
            "POST /keys: sends null for the body field 'limit', which the description does not allow",
            "POST /keys: sends the body field 'limit' as number, which the description has as integer",
        ]
    );
}

/// A description that has nothing makes a line of each operation.
#[tokio::test]
async fn what_is_missing_is_named() {
    let offers = facade::offers().await;
    for nothing in [
        json!(null),
        json!({"paths": {}}),
        json!({"paths": {"/keys": null}}),
    ] {
        let lines = differences(&nothing, &offers);
        assert_eq!(lines.len(), 6, "{lines:#?}");
        assert!(lines.contains(&"PATCH /keys/{hash}: the description lacks it".to_owned()));
    }
    let dangling = json!({"paths": {"/keys": {"$ref": "#/nowhere"}}});
    let lines = differences(&dangling, &offers);
    assert_eq!(lines[0], "the reference '#/nowhere' leads nowhere");
}

fn document() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/openapi.yaml");
    let text = std::fs::read_to_string(path).expect("the description is in the repository");
    serde_saphyr::from_str(&text).expect("the description is YAML")
}

/// The lines of `after` that are not in `before`, sorted.
fn new_lines(before: &[String], mut after: Vec<String>) -> Vec<String> {
    after.retain(|line| !before.contains(line));
    after.sort();
    after
}

/// Adds fields to an answer, whichever way the document says what there are.
fn add_to_answer(document: &mut Value, path: &str, method: &str, status: &str, fields: &Value) {
    let path = path.replace('/', "~1");
    let place = format!("/paths/{path}/{method}/responses/{status}");
    add_to_content(document, &place, fields);
}

/// Adds fields to the body of a request, likewise.
fn add_to_body(document: &mut Value, path: &str, method: &str, fields: &Value) {
    let path = path.replace('/', "~1");
    add_to_content(
        document,
        &format!("/paths/{path}/{method}/requestBody"),
        fields,
    );
}

fn add_to_content(document: &mut Value, place: &str, fields: &Value) {
    let holder = document.pointer(place).expect("the operation is described");
    let mut holder = description::resolved(document, holder).clone();
    let schema = &mut holder["content"]["application/json"]["schema"];
    *schema = json!({"allOf": [schema.take(), {"properties": fields}]});
    *document.pointer_mut(place).expect("it was just there") = holder;
}

fn add_parameter(document: &mut Value, path: &str, method: &str, parameter: Value) {
    let parameters = &mut document["paths"][path][method]["parameters"];
    if parameters.is_null() {
        *parameters = json!([]);
    }
    parameters.as_array_mut().expect("a list").push(parameter);
}
