//! An `OpenAPI` description, as far as it is about what is sent and answered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::shape::Shape;

/// One operation of a description.
pub(super) struct Operation<'a> {
    /// Such as `PATCH /keys/{hash}`.
    pub(super) name: String,
    document: &'a Value,
    path_item: &'a Value,
    described: &'a Value,
}

/// All operations of a description, in the order in which it has them.
pub(super) fn operations(document: &Value) -> Vec<Operation<'_>> {
    const METHODS: [&str; 8] = [
        "delete", "get", "head", "options", "patch", "post", "put", "trace",
    ];
    let mut operations = Vec::new();
    for (path, path_item) in fields(&document["paths"]) {
        let path_item = resolved(document, path_item);
        for (method, operation) in fields(path_item) {
            if METHODS.contains(&&**method) {
                operations.push(Operation {
                    name: format!("{} {path}", method.to_uppercase()),
                    document,
                    path_item,
                    described: operation,
                });
            }
        }
    }
    operations
}

impl Operation<'_> {
    /// The names and shapes of parameters that are sent in one place: `query`, `header`, `path` or `cookie`.
    pub(super) fn parameters(&self, place: &str) -> BTreeMap<String, Shape> {
        let mut parameters = BTreeMap::new();
        // Those of the operation come later, because they replace those of the path.
        for holder in [self.path_item, self.described] {
            for parameter in items(&holder["parameters"]) {
                let parameter = resolved(self.document, parameter);
                if let Some(name) = parameter["name"].as_str()
                    && parameter["in"] == place
                {
                    let schema = match json_content(parameter) {
                        Some(schema) => schema,
                        None => &parameter["schema"],
                    };
                    parameters.insert(name.to_owned(), self.shape(schema));
                }
            }
        }
        parameters
    }

    /// The body of the request. Without one it is a shape that has no fields.
    pub(super) fn body(&self) -> Shape {
        let body = resolved(self.document, &self.described["requestBody"]);
        json_content(body).map_or_else(Shape::default, |schema| self.shape(schema))
    }

    /// The bodies of the answers that are successes.
    pub(super) fn answers(&self) -> Vec<Shape> {
        fields(&self.described["responses"])
            .filter(|(status, _)| status.starts_with('2'))
            .filter_map(|(_, answer)| json_content(resolved(self.document, answer)))
            .map(|schema| self.shape(schema))
            .collect()
    }

    /// The statuses with which it fails. `4XX` stands for its first; `default` names none.
    pub(super) fn failures(&self) -> BTreeSet<u16> {
        fields(&self.described["responses"])
            .filter_map(|(status, _)| status.replace(['X', 'x'], "0").parse().ok())
            .filter(|status| (400..600).contains(status))
            .collect()
    }

    fn shape(&self, schema: &Value) -> Shape {
        Shape::of_schema(self.document, schema)
    }
}

/// The references that lead nowhere, or out of the document.
pub(super) fn dangling_references(document: &Value) -> BTreeSet<&str> {
    fn search<'a>(document: &Value, value: &'a Value, dangling: &mut BTreeSet<&'a str>) {
        for (name, field) in fields(value) {
            if let ("$ref", Value::String(reference)) = (&**name, field)
                && target(document, reference).is_none()
            {
                dangling.insert(reference);
            }
            search(document, field, dangling);
        }
        for item in items(value) {
            search(document, item, dangling);
        }
    }
    let mut dangling = BTreeSet::new();
    search(document, document, &mut dangling);
    dangling
}

/// What a reference leads to.
pub(super) fn target<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    document.pointer(reference.strip_prefix('#')?)
}

/// What stands in a place, or what the reference there leads to.
pub(super) fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    /// More steps than any document needs. One whose references go round in a circle ends as well.
    const STEPS: usize = 16;
    let mut value = value;
    for _ in 0..STEPS {
        let Some(reference) = value["$ref"].as_str() else {
            break;
        };
        value = target(document, reference).unwrap_or(&Value::Null);
    }
    value
}

/// The schema of the JSON that a body or an answer has.
fn json_content(holder: &Value) -> Option<&Value> {
    fields(&holder["content"])
        .find(|(media_type, _)| media_type.contains("json"))
        .map(|(_, content)| &content["schema"])
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
