//! Changes that nobody taught this program: each stops it, and names its place.

use serde_json::{Value, json};

use super::{Edit, add, changed, generated, ours, schema};

/// The message for our description after `change`. All of the pipeline is run, so that what passes one step must stop
/// at another.
fn refused(what: &str, change: impl FnOnce(&mut Value)) -> String {
    generated(&changed(change)).map(drop).expect_err(what)
}

type Case<'a> = (&'a str, &'a str, Edit<'a>);

/// What is done to a description, the message's place and what it expects there, and the change.
fn check(cases: &[Case<'_>]) {
    for (what, expected, change) in cases {
        let message = refused(what, change);
        assert!(
            message.starts_with(&format!("test: {expected}")),
            "{what}: {message}"
        );
        let (_, advice) = message
            .split_once("; ")
            .unwrap_or_else(|| panic!("{what}: {message}"));
        assert!(
            advice.len() > 10 && !message.contains('\n'),
            "{what}: {message}"
        );
    }
}

fn object<'a>(document: &'a mut Value, pointer: &str) -> &'a mut serde_json::Map<String, Value> {
    document
        .pointer_mut(pointer)
        .unwrap()
        .as_object_mut()
        .unwrap()
}

#[test]
fn of_the_document() {
    check(&[
        (
            "no OpenAPI at all",
            "#/openapi: expected '3.1.x' or '3.0.x'",
            &|document| *document = json!({"a": 1}),
        ),
        ("a list", "#: expected an OpenAPI document", &|document| {
            *document = json!([1]);
        }),
        (
            "OpenAPI 2",
            "#/swagger: expected OpenAPI 3.1 or 3.0",
            &|document| {
                object(document, "").remove("openapi");
                document["swagger"] = json!("2.0");
            },
        ),
        (
            "a later version",
            "#/openapi: expected '3.1.x'",
            &|document| document["openapi"] = json!("3.2.0"),
        ),
        (
            "a version that is a number",
            "#/openapi: expected '3.1.x'",
            &|document| document["openapi"] = json!(3.1),
        ),
        (
            "an edition that is a number",
            "#/info/version: expected a string",
            &|document| {
                document["info"]["version"] = json!(1.0);
            },
        ),
        ("no info", "#: expected a member 'info'", &|document| {
            object(document, "").remove("info");
        }),
        (
            "a path vanishes",
            "#/paths/~1key: expected this path",
            &|document| {
                object(document, "/paths").remove("/key");
            },
        ),
        (
            "an operation vanishes",
            "#/paths/~1keys~1{hash}/patch: expected this operation",
            &|document| {
                object(document, "/paths/~1keys~1{hash}").remove("patch");
            },
        ),
        (
            "a path elsewhere",
            "#/paths/~1key: expected a path written out in place",
            &|document| {
                document["paths"]["/key"] = json!({"$ref": "other.yaml"});
            },
        ),
        (
            "a path with a server of its own",
            "#/paths/~1key/servers: expected a keyword",
            &|document| {
                document["paths"]["/key"]["servers"] = json!([{"url": "https://other.example"}]);
            },
        ),
        (
            "an unknown keyword of an operation",
            "#/paths/~1key/get/callbacks: expected a keyword",
            &|document| {
                document["paths"]["/key"]["get"]["callbacks"] = json!({});
            },
        ),
        (
            "another authentication",
            "#/security/0: expected a bearer token to be enough",
            &|document| {
                let scheme = json!({"type": "apiKey", "in": "header", "name": "X-Key"});
                document["components"]["securitySchemes"]["managementKey"] = scheme;
            },
        ),
        (
            "no authentication",
            "#/security: expected a bearer token to be enough",
            &|document| {
                document["security"] = json!([]);
            },
        ),
        (
            "authentication that is not described",
            "#/security/0/test_otp: expected test_otp to be there",
            &|document| {
                document["security"] = json!([{"managementKey": [], "test_otp": []}]);
            },
        ),
        (
            "a second factor",
            "#/security/0: expected a bearer token",
            &|document| {
                document["components"]["securitySchemes"]["otp"] =
                    json!({"type": "apiKey", "in": "header", "name": "X-OTP"});
                document["security"] = json!([{"managementKey": [], "otp": []}]);
            },
        ),
    ]);
}

#[test]
fn of_references() {
    check(&[
        (
            "to nothing",
            "#/paths/~1keys/get/responses/400: expected #/components/responses/Nothing to be there",
            &|document| {
                document["paths"]["/keys"]["get"]["responses"]["400"] =
                    json!({"$ref": "#/components/responses/Nothing"});
            },
        ),
        (
            "to a component that is gone",
            "#/components/",
            &|document| {
                object(document, "/components/schemas").remove("LimitReset");
            },
        ),
        (
            "to elsewhere",
            "#/paths/~1keys/get/responses/400: expected a reference of the form",
            &|document| {
                document["paths"]["/keys"]["get"]["responses"]["400"] =
                    json!({"$ref": "https://a.example/b.yaml#/a"});
            },
        ),
        (
            "into a component",
            "#/components/schemas/KeyEnvelope/properties/data: expected a reference of the form",
            &|document| {
                schema(document, "KeyEnvelope")["properties"]["data"] =
                    json!({"$ref": "#/components/schemas/KeyPage/properties/data/items"});
            },
        ),
        (
            "to a component of another kind",
            "#/components/schemas/KeyEnvelope/properties/data: expected a reference of the form #/components/schemas",
            &|document| {
                schema(document, "KeyEnvelope")["properties"]["data"] =
                    json!({"$ref": "#/components/parameters/Hash"});
            },
        ),
        (
            "that is none",
            "#/components/schemas/ApiKey/properties/name/$ref: expected a string",
            &|document| {
                schema(document, "ApiKey")["properties"]["name"] = json!({"$ref": 5});
            },
        ),
        (
            "of a schema to itself",
            "#/components/schemas/DataRegion/items: expected no component that contains itself",
            &|document| {
                *schema(document, "DataRegion") =
                    json!({"type": "array", "items": {"$ref": "#/components/schemas/DataRegion"}});
            },
        ),
        (
            "round in a circle",
            "#/components/schemas/B/properties/a: expected no component",
            &|document| {
                *schema(document, "A") =
                    json!({"properties": {"b": {"$ref": "#/components/schemas/B"}}});
                *schema(document, "B") =
                    json!({"properties": {"a": {"$ref": "#/components/schemas/A"}}});
                add(
                    document,
                    "ApiKey",
                    "a",
                    json!({"$ref": "#/components/schemas/A"}),
                );
            },
        ),
        (
            "of a response to itself",
            "#/components/responses/NotFound: expected no component",
            &|document| {
                document["components"]["responses"]["NotFound"] =
                    json!({"$ref": "#/components/responses/NotFound"});
            },
        ),
        (
            "with a keyword beside a response's",
            "#/paths/~1keys/get/responses/404/content: expected nothing but prose",
            &|document| {
                document["paths"]["/keys"]["get"]["responses"]["404"]["content"] = json!({});
            },
        ),
        (
            "to twice as many each time",
            "#/components/schemas/S",
            &|document| {
                for number in 0..30 {
                    let next = json!({"$ref": format!("#/components/schemas/S{}", number + 1)});
                    *schema(document, &format!("S{number}")) =
                        json!({"properties": {"a": next, "b": next}});
                }
                *schema(document, "S30") = json!({"type": "string"});
                add(
                    document,
                    "ApiKey",
                    "s",
                    json!({"$ref": "#/components/schemas/S0"}),
                );
            },
        ),
        (
            "to many times as many",
            "#/components/schemas/S",
            &|document| {
                for number in 0..6 {
                    let next = json!({"$ref": format!("#/components/schemas/S{}", number + 1)});
                    let many = (0..10).map(|index| (format!("p{index}"), next.clone()));
                    let many: serde_json::Map<_, _> = many.collect();
                    *schema(document, &format!("S{number}")) = json!({"properties": many});
                }
                *schema(document, "S6") = json!({"type": "string"});
                let first = json!({"$ref": "#/components/schemas/S0"});
                add(document, "ApiKey", "test_new", first);
            },
        ),
        ("in a long row", "#/components/schemas/S", &|document| {
            for number in 0..5000 {
                let next = json!({"$ref": format!("#/components/schemas/S{}", number + 1)});
                *schema(document, &format!("S{number}")) = json!({"items": next});
            }
            *schema(document, "S5000") = json!({"type": "string"});
            add(
                document,
                "ApiKey",
                "s",
                json!({"$ref": "#/components/schemas/S0"}),
            );
        }),
    ]);
}

/// Each schema stands as a new field of the key.
#[test]
fn of_schemas() {
    for (written, expected) in [
        (json!({"if": {}}), "/if: expected a keyword"),
        (
            json!({"type": "string", "unevaluatedProperties": false}),
            "/unevaluatedProperties: expected a keyword",
        ),
        (
            json!({"type": "string", "contentEncoding": "base64"}),
            "/contentEncoding: expected a keyword",
        ),
        (
            json!({"properties": {"a/b": {"not": {}}}}),
            "/properties/a~1b/not: expected a keyword",
        ),
        (
            json!({"items": {"prefixItems": []}}),
            "/items/prefixItems: expected a keyword",
        ),
        (
            json!({"oneOf": [{"type": "string"}, {"patternProperties": {}}]}),
            "/oneOf/1/patternProperties: expected a keyword",
        ),
        (
            json!({"additionalProperties": {"dependentRequired": {}}}),
            "/additionalProperties/dependentRequired: expected a keyword",
        ),
        (
            json!({"type": "null"}),
            "/type: expected a type other than null",
        ),
        (json!({"type": "file"}), "/type: expected string, number"),
        (json!({"type": 5}), "/type: expected one type"),
        (json!({"type": ["string", 5]}), "/type: expected one type"),
        (
            json!({"type": "string", "enum": "a"}),
            "/enum: expected a list",
        ),
        (
            json!({"enum": [null]}),
            ": expected a type beside the values",
        ),
        (
            json!({"type": "string", "enum": []}),
            "/enum: expected values of type string or boolean",
        ),
        (
            json!({"type": "integer", "enum": [1, 2]}),
            "/enum: expected values of type string or boolean",
        ),
        (
            json!({"type": "string", "enum": ["a", 2]}),
            "/enum: expected values of type string or boolean",
        ),
        (
            json!({"enum": ["a", {"value": "b"}]}),
            ": expected a type beside the values",
        ),
        (
            json!({"type": "number", "const": 1}),
            "/const: expected values of type string or boolean",
        ),
        (
            json!({"const": true, "enum": [false], "type": "boolean"}),
            "/const: expected nothing that contradicts",
        ),
        (
            json!({"nullable": "yes"}),
            "/nullable: expected true or false",
        ),
        (
            json!({"oneOf": []}),
            "/oneOf: expected a schema other than null",
        ),
        (
            json!({"anyOf": {"type": "string"}}),
            "/anyOf: expected a list",
        ),
        (
            json!({"type": "string", "oneOf": [{"type": "number"}, {"type": "null"}]}),
            ": expected nothing that contradicts #/components/schemas/ApiKey/properties/test_new/oneOf/0",
        ),
        (
            json!({"allOf": [{"type": "string"}, {"type": "number"}]}),
            ": expected nothing that contradicts",
        ),
        (
            json!({"allOf": [{"type": "string", "maxLength": 1}, {"type": "string", "maxLength": 2}]}),
            ": expected nothing that contradicts",
        ),
        (
            json!({"allOf": [{"type": "string", "format": "a"}, {"type": "string", "format": "b"}]}),
            ": expected nothing that contradicts",
        ),
        (
            json!({"allOf": [{"enum": ["a"]}, {"enum": ["b"]}]}),
            ": expected nothing that contradicts",
        ),
        (
            json!({"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"type": "number"}}}]}),
            ": expected nothing that contradicts",
        ),
        (
            json!({"properties": {"a": {}}, "additionalProperties": {"type": "string"}}),
            "/additionalProperties: expected members that are known",
        ),
        (
            json!({"properties": {"a": 5}}),
            "/properties/a: expected an object",
        ),
        (
            json!({"properties": {"a": {}}, "required": "a"}),
            "/required: expected a list",
        ),
        (
            json!({"type": "number", "exclusiveMinimum": "0"}),
            "/exclusiveMinimum: expected a number or a boolean",
        ),
        (
            json!({"type": "string", "x-openrouter-type": "boolean"}),
            "/x-openrouter-type: expected the mark boolean",
        ),
        (
            json!({"type": "string", "x-rust-type": {"crate": "evil", "path": "evil::Type"}}),
            "/x-rust-type: expected no Rust type",
        ),
        (
            json!({"properties": {"a_b": {}, "aB": {}}}),
            "/properties/a_b: expected a name that is not that of 'aB' in Rust",
        ),
        (
            json!({"properties": {"$": {}}}),
            "/properties/$: expected a name that has letters",
        ),
        (json!(false), ": expected an object"),
        (json!({"description": 5}), "/description: expected a string"),
    ] {
        let place = format!("#/components/schemas/ApiKey/properties/test_new{expected}");
        check(&[(&written.to_string(), &place, &|document| {
            schema(document, "ApiKey")["properties"]["test_new"] = written.clone();
        })]);
    }
}

#[test]
fn of_parameters() {
    fn parameters(document: &mut Value) -> &mut Vec<Value> {
        document["paths"]["/keys"]["get"]["parameters"]
            .as_array_mut()
            .unwrap()
    }
    fn push(document: &mut Value, parameter: Value) {
        let all = parameters(document);
        all.insert(0, parameter);
    }
    let string = || json!({"type": "string"});
    check(&[
        (
            "a hash of digits",
            "#/components/parameters/Hash/schema: expected a schema of type string",
            &|document| {
                document["components"]["parameters"]["Hash"]["schema"] = json!({"type": "integer"});
            },
        ),
        (
            "an optional hash",
            "#/components/parameters/Hash: expected the hash in the path",
            &|document| {
                document["components"]["parameters"]["Hash"]["required"] = json!(false);
            },
        ),
        (
            "no hash",
            "#/paths/~1keys~1{hash}/get/parameters: expected the parameter hash",
            &|document| {
                object(document, "/paths/~1keys~1{hash}").remove("parameters");
            },
        ),
        (
            "a required query parameter",
            "#/components/parameters/Offset: expected an optional query parameter",
            &|document| {
                document["components"]["parameters"]["Offset"]["required"] = json!(true);
            },
        ),
        (
            "a parameter twice",
            "#/paths/~1keys/get/parameters/4: expected each parameter once",
            &|document| {
                let first = parameters(document)[0].clone();
                parameters(document).insert(4, first);
            },
        ),
        (
            "a flag of numbers",
            "#/components/parameters/IncludeDisabled/schema: expected a schema of type boolean",
            &|document| {
                document["components"]["parameters"]["IncludeDisabled"]["schema"] =
                    json!({"type": "integer"});
            },
        ),
        (
            "another mark",
            "#/components/parameters/IncludeDisabled/schema/x-openrouter-type: expected the mark boolean",
            &|document| {
                document["components"]["parameters"]["IncludeDisabled"]["schema"] =
                    json!({"type": "string", "x-openrouter-type": "date"});
            },
        ),
        (
            "a header that has to be sent",
            "#/paths/~1keys/get/parameters/0: expected the hash in the path, or an optional",
            &|document| {
                push(
                    document,
                    json!({"name": "X", "in": "header", "required": true, "schema": string()}),
                );
            },
        ),
        (
            "an object in the query",
            "#/paths/~1keys/get/parameters/0/schema: expected a schema of type scalar",
            &|document| {
                push(
                    document,
                    json!({"name": "filter", "in": "query", "schema": {"type": "object"}}),
                );
            },
        ),
        (
            "a list separated by pipes",
            "#/paths/~1keys/get/parameters/0/style: expected \"form\"",
            &|document| {
                push(
                    document,
                    json!({"name": "a", "in": "query", "style": "pipeDelimited", "schema": string()}),
                );
            },
        ),
        (
            "a list separated by commas",
            "#/paths/~1keys/get/parameters/0/explode: expected true",
            &|document| {
                push(
                    document,
                    json!({"name": "a", "in": "query", "explode": false, "schema": {"type": "array", "items": string()}}),
                );
            },
        ),
        (
            "a parameter without a schema",
            "#/paths/~1keys/get/parameters/0/content: expected a keyword",
            &|document| {
                push(document, json!({"name": "a", "in": "query", "content": {}}));
            },
        ),
        (
            "a place that is none",
            "#/paths/~1keys/get/parameters/0/in: expected path, query, header or cookie",
            &|document| {
                push(
                    document,
                    json!({"name": "a", "in": "body", "schema": string()}),
                );
            },
        ),
        (
            "a name that the client has itself",
            "#/paths/~1keys/get/parameters/0/name: expected a name that no other",
            &|document| {
                push(
                    document,
                    json!({"name": "send", "in": "query", "schema": string()}),
                );
            },
        ),
        (
            "two names that are one in Rust",
            "#/components/parameters/Offset/name: expected a name that no other",
            &|document| {
                push(
                    document,
                    json!({"name": "off-set", "in": "query", "schema": string()}),
                );
            },
        ),
    ]);
}

#[test]
fn of_bodies_and_answers() {
    const KEY: &str = "#/components/schemas/ApiKey";
    let required = |document: &mut Value, name: &str, field: &str| {
        schema(document, name)["required"]
            .as_array_mut()
            .unwrap()
            .retain(|name| name != field);
    };
    let property = |document: &mut Value, name: &str, field: &str, written: Value| {
        schema(document, name)["properties"][field] = written;
    };
    let responses = "/paths/~1keys/get/responses";
    check(&[
        (
            "limit may be absent",
            &format!("{KEY}/required: expected 'limit' among the required fields"),
            &|document| {
                required(document, "ApiKey", "limit");
            },
        ),
        (
            "limit is not there",
            &format!("{KEY}/properties: expected the property 'limit'"),
            &|document| {
                object(document, "/components/schemas/ApiKey/properties").remove("limit");
            },
        ),
        (
            "a name that need not be sent",
            "#/components/schemas/CreateKeyRequest/required: expected 'name'",
            &|document| {
                required(document, "CreateKeyRequest", "name");
            },
        ),
        (
            "one more field that has to be sent",
            "#/components/schemas/CreateKeyRequest/required: expected no required field that is not sent, as 'workspace_id' is not",
            &|document| {
                add(
                    document,
                    "CreateKeyRequest",
                    "workspace_id",
                    json!({"type": "string"}),
                );
            },
        ),
        (
            "a new field that has to be sent",
            "#/components/schemas/UpdateKeyRequest/required: expected no required field that is not sent, as 'test_why'",
            &|document| {
                add(
                    document,
                    "UpdateKeyRequest",
                    "test_why",
                    json!({"type": "string"}),
                );
            },
        ),
        (
            "a required field without a property",
            &format!(
                "{KEY}/required: expected a property for each required field, and one for 'ghost'"
            ),
            &|document| {
                schema(document, "ApiKey")["required"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!("ghost"));
            },
        ),
        (
            "a label that may be null",
            &format!("{KEY}/properties/label: expected 'label' never to be null"),
            &|document| {
                property(
                    document,
                    "ApiKey",
                    "label",
                    json!({"type": ["string", "null"]}),
                );
            },
        ),
        (
            "a plaintext that may be null",
            "#/components/schemas/CreatedKey/properties/key: expected 'key' never to be null",
            &|document| {
                property(
                    document,
                    "CreatedKey",
                    "key",
                    json!({"type": ["string", "null"]}),
                );
            },
        ),
        (
            "a limit of text",
            &format!("{KEY}/properties/limit: expected 'limit' to be a number"),
            &|document| {
                property(
                    document,
                    "ApiKey",
                    "limit",
                    json!({"type": ["string", "null"], "format": "decimal"}),
                );
            },
        ),
        (
            "a time in seconds",
            &format!("{KEY}/properties/created_at: expected 'created_at' to be a string"),
            &|document| {
                property(document, "ApiKey", "created_at", json!({"type": "integer"}));
            },
        ),
        (
            "regions of objects",
            "#/components/schemas/CurrentKey/properties/allowed_data_regions: expected 'allowed_data_regions' to be an array of strings",
            &|document| {
                property(
                    document,
                    "CurrentKey",
                    "allowed_data_regions",
                    json!({"type": "array", "items": {"type": "object"}}),
                );
            },
        ),
        (
            "keys without properties",
            "#/components/schemas/KeyEnvelope/properties/data: expected 'data' to be an object",
            &|document| {
                property(document, "KeyEnvelope", "data", json!({"type": "object"}));
            },
        ),
        (
            "keys that may be null",
            "#/components/schemas/KeyPage/properties/data: expected no item of 'data' to be null",
            &|document| {
                let key = json!({"$ref": "#/components/schemas/ApiKey"});
                let items = json!({"oneOf": [key, {"type": "null"}]});
                property(
                    document,
                    "KeyPage",
                    "data",
                    json!({"type": "array", "items": items}),
                );
            },
        ),
        (
            "an answer that may be null",
            "#/components/schemas/CreatedKey: expected an answer that is never null",
            &|document| {
                schema(document, "CreatedKey")["type"] = json!(["object", "null"]);
            },
        ),
        (
            "a partner's key that may be null",
            "#/components/schemas/ExternalUser/properties/api_key: expected 'api_key' never to be null",
            &|document| {
                property(
                    document,
                    "ExternalUser",
                    "api_key",
                    json!({"type": ["string", "null"]}),
                );
            },
        ),
        (
            "a key that is never deleted",
            "#/components/schemas/DeletedKey/properties/deleted: expected 'deleted' not to be always false",
            &|document| {
                property(document, "DeletedKey", "deleted", json!({"const": false}));
            },
        ),
        (
            "two keys that differ",
            "#/components/schemas/KeyEnvelope/properties/data: expected the same ApiKey as at #/components/schemas/ApiKey (but 'name': type changed from string to integer)",
            &|document| {
                let mut copy = schema(document, "ApiKey").clone();
                copy["properties"]["name"]["type"] = json!("integer");
                property(document, "KeyEnvelope", "data", copy);
            },
        ),
        (
            "two keys that differ in what is required",
            "#/components/schemas/KeyEnvelope/properties/data: expected the same ApiKey",
            &|document| {
                let mut copy = schema(document, "ApiKey").clone();
                copy["required"].as_array_mut().unwrap().pop();
                property(document, "KeyEnvelope", "data", copy);
            },
        ),
        (
            "two successes",
            "#/paths/~1keys/get/responses: expected exactly one success",
            &|document| {
                let success = document.pointer(responses).unwrap()["200"].clone();
                document.pointer_mut(responses).unwrap()["206"] = success;
            },
        ),
        (
            "another success",
            "#/paths/~1keys/get/responses: expected the success status 200",
            &|document| {
                let success = object(document, responses).remove("200").unwrap();
                document.pointer_mut(responses).unwrap()["202"] = success;
            },
        ),
        (
            "no success",
            "#/paths/~1keys/get/responses: expected exactly one success",
            &|document| {
                object(document, responses).remove("200");
            },
        ),
        (
            "a status that is none",
            "#/paths/~1keys/get/responses/2000: expected a status",
            &|document| {
                document.pointer_mut(responses).unwrap()["2000"] = json!({});
            },
        ),
        (
            "a success without content",
            "#/paths/~1keys/get/responses/200/content: expected application/json",
            &|document| {
                document.pointer_mut(responses).unwrap()["200"] = json!({"description": "d"});
            },
        ),
        (
            "another content",
            "#/paths/~1key/get/responses/200/content: expected application/json and nothing else",
            &|document| {
                let content = &mut document["paths"]["/key"]["get"]["responses"]["200"]["content"];
                content["text/csv"] = content["application/json"].clone();
            },
        ),
        (
            "another content to send",
            "#/paths/~1keys/post/requestBody/content: expected application/json",
            &|document| {
                let content = &mut document["paths"]["/keys"]["post"]["requestBody"]["content"];
                content["text/csv"] = content["application/json"].clone();
            },
        ),
        (
            "nothing to send",
            "#/paths/~1keys/post/requestBody: expected a body",
            &|document| {
                object(document, "/paths/~1keys/post").remove("requestBody");
            },
        ),
        (
            "a body to delete with",
            "#/paths/~1keys~1{hash}/delete/requestBody: expected no body",
            &|document| {
                let body = document["paths"]["/keys"]["post"]["requestBody"].clone();
                document["paths"]["/keys/{hash}"]["delete"]["requestBody"] = body;
            },
        ),
        (
            "an unknown keyword in a failure",
            "#/components/schemas/ErrorBody/not: expected a keyword",
            &|document| {
                schema(document, "ErrorBody")["not"] = json!({});
            },
        ),
        (
            "a plain answer",
            "#/components/schemas/DeletedKey: expected the properties of DeletedKey",
            &|document| {
                *schema(document, "DeletedKey") = json!({"type": "boolean"});
            },
        ),
    ]);
}

/// Each part of our description is replaced by something else, and taken away: whatever that leads to, it is code or a
/// message, and no panic.
#[test]
fn any_damage_ends_in_code_or_in_a_message() {
    fn places(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        let mut inner = |key: &str, value: &Value| {
            let key = key.replace('~', "~0").replace('/', "~1");
            places(value, &format!("{at}/{key}"), found);
        };
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| inner(key, value)),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(i, value)| inner(&i.to_string(), value)),
            _ => {}
        }
    }
    let ours = ours();
    let mut all = Vec::new();
    places(&ours, "", &mut all);
    let (mut refused, mut tried) = (0, 0);
    let damages = [
        json!(null),
        json!(7),
        json!("sk"),
        json!([]),
        json!({}),
        json!({"$ref": "#/x"}),
    ];
    for (index, place) in all.iter().enumerate() {
        // Two for each place, and other ones for its neighbours.
        for damage in damages.iter().skip(index % 3 * 2).take(2) {
            let mut document = ours.clone();
            *document.pointer_mut(place).unwrap() = damage.clone();
            tried += 1;
            // What passes this far has a form that the generator knows.
            if let Err(message) = super::lowered(&document) {
                refused += 1;
                assert!(message.starts_with("test: #"), "{place}: {message}");
            }
        }
    }
    assert!(refused * 3 > tried, "{refused} of {tried} were refused");
}
