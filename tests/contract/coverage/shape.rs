//! What JSON values have in common, read from a schema or from the values themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Values that a field, or a whole body, can have.
///
/// It knows what matters to whoever sends and reads them: bounds, patterns and formats are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shape {
    /// The JSON types other than null. `None`: any.
    pub(super) types: Option<BTreeSet<String>>,
    pub(super) null: bool,
    /// Strings that are known by name. There may be others.
    pub(super) names: BTreeSet<String>,
    pub(super) fields: BTreeMap<String, Shape>,
    /// The fields that are always there.
    pub(super) always: BTreeSet<String>,
    /// What the items of an array have in common.
    pub(super) items: Option<Box<Shape>>,
}

impl Shape {
    /// As a schema has it, in the dialects of JSON Schema and of `OpenAPI` 3.0 and 3.1. References lead into `document`.
    pub(super) fn of_schema(document: &Value, schema: &Value) -> Self {
        Self::read(document, schema, &[])
    }

    /// As some values have it that were seen. The items of their arrays are not told apart.
    pub(super) fn of_values<'a>(values: impl IntoIterator<Item = &'a Value>) -> Self {
        let seen = values.into_iter().map(Self::of_value);
        seen.reduce(Self::or).unwrap_or_default()
    }

    /// `within`: the references that led here. A schema that contains itself is not followed any deeper.
    fn read(document: &Value, schema: &Value, within: &[&str]) -> Self {
        let Some(keywords) = schema.as_object() else {
            return Self::anything();
        };
        let read = |schema: &Value| Self::read(document, schema, within);
        let list = |keyword: &str| keywords.get(keyword).and_then(Value::as_array);

        let mut shape = Self::of_keywords(keywords, read);
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str)
            && !within.contains(&reference)
        {
            let within = [within, &[reference]].concat();
            let target = super::description::target(document, reference).unwrap_or(&Value::Null);
            shape = shape.and(Self::read(document, target, &within));
        }
        for part in list("allOf").into_iter().flatten() {
            shape = shape.and(read(part));
        }
        for alternatives in ["anyOf", "oneOf"].into_iter().filter_map(list) {
            if let Some(any) = alternatives.iter().map(read).reduce(Self::or) {
                shape = shape.and(any);
            }
        }
        if keywords.get("nullable") == Some(&Value::Bool(true)) {
            shape.null = true;
        }
        shape
    }

    /// What a schema says by itself, without what it refers to and is combined of.
    fn of_keywords(keywords: &Map<String, Value>, read: impl Fn(&Value) -> Self) -> Self {
        let mut shape = Self::anything();
        let values = keywords.get("enum").and_then(Value::as_array);
        let values: Vec<_> = values
            .into_iter()
            .flatten()
            .chain(keywords.get("const"))
            .collect();
        if !values.is_empty() {
            shape = Self::of_values(values);
        }
        if let Some(Value::Object(fields)) = keywords.get("properties") {
            shape.types = Some(["object".to_owned()].into());
            shape.null = false;
            shape.fields = fields
                .iter()
                .map(|(name, field)| (name.clone(), read(field)))
                .collect();
        }
        if let Some(items) = keywords.get("items") {
            shape.types = Some(["array".to_owned()].into());
            shape.null = false;
            shape.items = Some(Box::new(read(items)));
        }
        if let Some(required) = keywords.get("required").and_then(Value::as_array) {
            let names = required.iter().filter_map(Value::as_str);
            shape.always = names.map(str::to_owned).collect();
        }
        // A flag in a query, which the official document calls a string, says by the first what it is.
        let types = keywords
            .get("x-openrouter-type")
            .or_else(|| keywords.get("type"));
        let types: Option<BTreeSet<_>> = match types {
            Some(Value::Array(types)) => Some(types.iter().filter_map(Value::as_str).collect()),
            Some(Value::String(one)) => Some([&**one].into()),
            _ => None,
        };
        if let Some(mut types) = types {
            shape.null = types.remove("null");
            shape.types = Some(types.into_iter().map(str::to_owned).collect());
        }
        shape
    }

    fn of_value(value: &Value) -> Self {
        let mut shape = Self::default();
        let type_ = match value {
            Value::Null => {
                shape.null = true;
                shape.types = Some(BTreeSet::new());
                return shape;
            }
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.as_f64().is_some_and(|f| f.fract() == 0.0) => "integer",
            Value::Number(_) => "number",
            Value::String(text) => {
                shape.names.insert(text.clone());
                "string"
            }
            Value::Array(items) => {
                shape.items = items
                    .iter()
                    .map(Self::of_value)
                    .reduce(Self::or)
                    .map(Box::new);
                "array"
            }
            Value::Object(fields) => {
                shape.always = fields.keys().cloned().collect();
                shape.fields = fields
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::of_value(value)))
                    .collect();
                "object"
            }
        };
        shape.types = Some([type_.to_owned()].into());
        shape
    }

    fn anything() -> Self {
        Self {
            null: true,
            ..Self::default()
        }
    }

    /// What is both.
    fn and(self, other: Self) -> Self {
        Self {
            types: both(self.types, other.types, |one, more| &one & &more),
            null: self.null && other.null,
            names: &self.names | &other.names,
            fields: merged(self.fields, other.fields, Self::and),
            always: &self.always | &other.always,
            items: both(self.items, other.items, |one, more| {
                Box::new(one.and(*more))
            }),
        }
    }

    /// What is one or the other.
    fn or(self, other: Self) -> Self {
        // Null alone says nothing about fields.
        let only_null = |shape: &Self| shape.types.as_ref().is_some_and(BTreeSet::is_empty);
        let always = match (only_null(&self), only_null(&other)) {
            (true, _) => other.always,
            (_, true) => self.always,
            _ => &self.always & &other.always,
        };
        Self {
            types: self.types.zip(other.types).map(|(one, more)| &one | &more),
            null: self.null || other.null,
            names: &self.names | &other.names,
            fields: merged(self.fields, other.fields, Self::or),
            always,
            items: both(self.items, other.items, |one, more| Box::new(one.or(*more))),
        }
    }
}

/// What two make together, or the one that there is.
fn both<T>(one: Option<T>, other: Option<T>, merge: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(merge(one, other)),
        (one, other) => one.or(other),
    }
}

fn merged(
    mut fields: BTreeMap<String, Shape>,
    others: BTreeMap<String, Shape>,
    merge: fn(Shape, Shape) -> Shape,
) -> BTreeMap<String, Shape> {
    for (name, other) in others {
        let field = both(fields.remove(&name), Some(other), merge);
        fields.extend(field.map(|field| (name, field)));
    }
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Shape;

    /// The ways in which documents say the same.
    #[test]
    fn an_object_or_null_is_one_shape_however_it_is_said() {
        let object =
            json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}});
        let document = json!({"components": {"schemas": {"a/b": object}}});
        let reference = json!({"$ref": "#/components/schemas/a~1b"});
        let with = |keyword: &str, value: Value| {
            let mut schema = object.clone();
            schema[keyword] = value;
            schema
        };
        let shape = Shape::of_schema(&document, &with("type", json!(["object", "null"])));
        assert!(shape.null && shape.always.contains("a") && shape.fields.contains_key("a"));
        for schema in [
            with("nullable", json!(true)),
            with("type", json!(["null", "object"])),
            json!({"oneOf": [reference, {"type": "null"}]}),
            json!({"anyOf": [{"type": "null"}, object]}),
            json!({"allOf": [reference], "nullable": true}),
            json!({"allOf": [{"type": ["object", "null"], "required": ["a"]}, with("nullable", json!(true))]}),
            json!({"$ref": "#/components/schemas/a~1b", "nullable": true}),
        ] {
            assert_eq!(Shape::of_schema(&document, &schema), shape, "{schema}");
        }
        for schema in [&object, &reference, &json!({"allOf": [reference, {}]})] {
            let never_null = Shape {
                null: false,
                ..shape.clone()
            };
            assert_eq!(Shape::of_schema(&document, schema), never_null, "{schema}");
        }
    }

    #[test]
    fn values_are_in_the_shape_that_a_schema_gives_them() {
        let schema = json!({
            "type": "object", "required": ["n", "list"], "properties": {
                "n": {"type": ["number", "integer"]},
                "flag": {"type": "string", "x-openrouter-type": "boolean"},
                "list": {"items": {"enum": ["x", null]}},
            },
        });
        let values = [
            json!({"n": 1.5, "flag": true, "list": []}),
            json!({"n": 2.0, "list": ["x", null]}),
        ];
        assert_eq!(
            Shape::of_values(&values),
            Shape::of_schema(&json!({}), &schema)
        );
    }

    #[test]
    fn a_schema_that_contains_itself_ends() {
        let document = json!({"a": {"properties": {"again": {"$ref": "#/a"}}}});
        let shape = Shape::of_schema(&document, &json!({"$ref": "#/a"}));
        assert!(shape.fields["again"].fields.is_empty());
    }
}
