//! Schemas that are made of others: all of them together, or one of several.

use std::collections::BTreeSet;

use super::UNKNOWN;
use super::schema::in_order;
use crate::diff;
use crate::misfit::{Pointer, Result};
use crate::model::{Schema, Shape};

/// A schema and the parts that it is composed of, which must not contradict each other.
pub(super) fn together(own: Schema, parts: Vec<Schema>) -> Result<Schema> {
    // A null has to be admitted by all parts, and where a type is named beside them, by that; where it is said beside a
    // reference, it is meant for the whole.
    let all = !parts.is_empty() && parts.iter().all(|part| part.nullable);
    let nullable = own.nullable || all && matches!(own.shape, Shape::Any);
    let mut whole = own;
    // What stands for another schema is found where that is.
    if let ([part], Shape::Any) = (&parts[..], &whole.shape) {
        whole.at = part.at.clone();
    }
    for part in parts {
        whole = both(whole, part)?;
    }
    whole.nullable = nullable;
    Ok(whole)
}

fn both(mut one: Schema, other: Schema) -> Result<Schema> {
    let at = one.at.clone();
    let contradiction = || {
        let expected = format!("nothing that contradicts {}", other.at);
        at.misfit(expected, UNKNOWN)
    };
    if diff::same(&one, &other) {
        one.description = one.description.or(other.description);
        return Ok(one);
    }
    one.shape = match (one.shape, other.shape) {
        (Shape::Any, shape) | (shape, Shape::Any) => shape,
        (Shape::String, Shape::String) => Shape::String,
        (Shape::Number, Shape::Number) => Shape::Number,
        (Shape::Integer, Shape::Integer) => Shape::Integer,
        (Shape::Boolean, Shape::Boolean) => Shape::Boolean,
        (
            Shape::Object {
                mut properties,
                mut required,
            },
            Shape::Object {
                properties: further,
                required: also,
            },
        ) => {
            for (name, schema) in further {
                if properties
                    .get(&name)
                    .is_some_and(|known| !diff::same(known, &schema))
                {
                    return Err(contradiction());
                }
                properties.entry(name).or_insert(schema);
            }
            required.extend(also);
            Shape::Object {
                properties,
                required,
            }
        }
        // A type beside a reference to an object says no more than the reference.
        (Shape::Map(rest), object @ Shape::Object { .. })
        | (object @ Shape::Object { .. }, Shape::Map(rest))
            if matches!(rest.shape, Shape::Any) =>
        {
            object
        }
        // A type beside alternatives that are all of it.
        (shape, Shape::Union(members)) | (Shape::Union(members), shape)
            if members
                .iter()
                .all(|member| member.shape.name() == shape.name()) =>
        {
            Shape::Union(members)
        }
        _ => return Err(contradiction()),
    };
    one.description = one.description.or(other.description);
    one.deprecated |= other.deprecated;
    if contradict(one.format.as_ref(), other.format.as_ref())
        || contradict(one.values.as_ref(), other.values.as_ref())
    {
        return Err(contradiction());
    }
    one.format = one.format.or(other.format);
    one.values = one.values.or(other.values);
    for (keyword, bound) in other.bounds {
        if one.bounds.get(keyword).is_some_and(|known| *known != bound) {
            return Err(contradiction());
        }
        one.bounds.insert(keyword, bound);
    }
    Ok(one)
}

/// Whether two parts say different things of the same matter.
fn contradict<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

/// One of several schemas, in the one form that there is for it: without alternatives within alternatives, with null
/// said of the whole, and with each alternative once. Strings that are named one by one are one enum.
pub(super) fn union(at: &Pointer, members: Vec<Schema>) -> Result<Schema> {
    let mut nullable = false;
    let mut flat: Vec<Schema> = Vec::new();
    for mut member in members {
        nullable |= member.nullable;
        member.nullable = false;
        match member.shape {
            Shape::Union(inner) => flat.extend(inner),
            _ => flat.push(member),
        }
    }
    let (mut seen, mut named) = (BTreeSet::new(), None);
    let mut alternatives: Vec<Schema> = Vec::new();
    for member in flat {
        let is_named = matches!(member.shape, Shape::String)
            && member.format.is_none()
            && member.bounds.is_empty();
        match (member.values.clone().filter(|_| is_named), named) {
            (Some(further), Some(index)) => {
                let known: &mut Schema = &mut alternatives[index];
                known.values.get_or_insert_default().extend(further);
                // What the one value means is not said of the others.
                known.description = None;
            }
            (Some(_), None) => {
                named = Some(alternatives.len());
                alternatives.push(member);
            }
            (None, _) => {
                if seen.insert(diff::meaning(&member)) {
                    alternatives.push(member);
                }
            }
        }
    }
    for alternative in &mut alternatives {
        alternative.values.iter_mut().for_each(in_order);
    }
    let mut whole = match alternatives.len() {
        0 => return Err(at.misfit("a schema other than null", UNKNOWN)),
        1 => alternatives.remove(0),
        _ => Schema::new(at.clone(), Shape::Union(alternatives)),
    };
    whole.nullable = nullable;
    Ok(whole)
}
