//! Step two: what an OpenAPI document says, 3.1 or 3.0, without the many ways there are to say it.
//!
//! Every object is read by the list of keywords that it may have. One that is in no list stops codegen: it could
//! change the meaning of what it stands beside.

mod compose;
mod parts;
mod schema;

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::misfit::{Pointer, Result};
use crate::model::{Description, Endpoint, Info};
use crate::operations::{self, METHODS, OPERATIONS, Operation};
use crate::reference;

pub(crate) const UNKNOWN: &str = "find out what it means for a client, then teach xtask/src/lower to read it, or to pass it over";
const MALFORMED: &str =
    "the document is damaged or is no OpenAPI; compare it with its source, or get it again";

/// Far more than the six operations have, and little enough to hold in memory, references written out.
const MOST_SCHEMAS: usize = 100_000;

/// What `document` says of the six operations. One that it lacks is no error here.
pub(crate) fn read(document: &Value) -> Result<Description> {
    check_version(document)?;
    let reader = Reader {
        document,
        schemas_left: Cell::new(MOST_SCHEMAS),
    };
    let mut endpoints = Vec::new();
    for operation in &OPERATIONS {
        endpoints.extend(reader.endpoint(operation)?);
    }
    Ok(Description {
        info: reader.info()?,
        servers: reader.servers()?,
        endpoints,
        others: reader.others()?,
    })
}

/// Makes sure that a document is OpenAPI of a version whose keywords are known here.
pub(crate) fn check_version(document: &Value) -> Result<()> {
    let root = Pointer::root();
    if !document.is_object() {
        return Err(root.misfit("an OpenAPI document", "is it the right file?"));
    }
    if document.get("swagger").is_some() {
        return Err(root
            .at("swagger")
            .misfit("OpenAPI 3.1 or 3.0", "convert it to OpenAPI 3 first"));
    }
    let version = document.get("openapi").and_then(Value::as_str);
    if !version.is_some_and(|version| version.starts_with("3.1.") || version.starts_with("3.0.")) {
        return Err(root.at("openapi").misfit(
            "'3.1.x' or '3.0.x'",
            "give an OpenAPI document of a version that is known here, and all of it",
        ));
    }
    Ok(())
}

/// A part of the document, and where it is.
#[derive(Clone)]
struct Node<'a> {
    value: &'a Value,
    at: Pointer,
}

struct Reader<'a> {
    document: &'a Value,
    schemas_left: Cell<usize>,
}

impl<'a> Reader<'a> {
    fn root(&self) -> Node<'a> {
        Node {
            value: self.document,
            at: Pointer::root(),
        }
    }

    fn info(&self) -> Result<Info> {
        let info = self.root().need("info")?;
        info.keywords(
            "the info",
            &[&[
                "title",
                "version",
                "description",
                "summary",
                "contact",
                "license",
                "termsOfService",
            ]],
        )?;
        Ok(Info {
            title: info.need("title")?.text()?,
            version: info.need("version")?.text()?,
            description: info.prose("description")?,
        })
    }

    fn servers(&self) -> Result<Vec<String>> {
        let Some(servers) = self.root().get("servers") else {
            return Ok(Vec::new());
        };
        let urls = servers.list()?;
        urls.iter()
            .map(|server| server.need("url")?.text())
            .collect()
    }

    /// Operations that no client of ours calls, beside those that it does.
    fn others(&self) -> Result<BTreeMap<(String, String), Pointer>> {
        let mut others = BTreeMap::new();
        for (path, item) in self.root().need("paths")?.members()? {
            if !operations::is_about_keys(path) {
                continue;
            }
            if let Some(elsewhere) = item.get("$ref") {
                let expected = "a path written out in place";
                return Err(elsewhere.at.misfit(expected, UNKNOWN));
            }
            for method in METHODS {
                let known = |operation: &Operation| operation.is(method, path);
                if let Some(found) = item.get(method)
                    && !OPERATIONS.iter().any(known)
                {
                    others.insert((method.to_owned(), path.to_owned()), found.at);
                }
            }
        }
        Ok(others)
    }

    fn endpoint(&self, operation: &'static Operation) -> Result<Option<Endpoint>> {
        let Some(item) = self.root().need("paths")?.get(operation.path) else {
            return Ok(None);
        };
        item.keywords(
            "a path item",
            &[&METHODS, &["parameters", "summary", "description"]],
        )?;
        let Some(node) = item.get(operation.method) else {
            return Ok(None);
        };
        node.keywords(
            "an operation",
            &[&[
                "operationId",
                "summary",
                "description",
                "deprecated",
                "parameters",
                "requestBody",
                "responses",
                "security",
                // A tag sorts documentation.
                "tags",
                "externalDocs",
            ]],
        )?;
        Ok(Some(Endpoint {
            operation,
            id: node.prose("operationId")?,
            summary: node.prose("summary")?,
            description: node.prose("description")?,
            deprecated: node.flag("deprecated")?,
            parameters: self.parameters(&item, &node)?,
            body: self.body(&node)?,
            responses: self.responses(&node)?,
            security: self.security(&node)?,
        }))
    }

    /// What a reference leads to, by way of further references if need be; anything else is returned as it is.
    fn resolve(&self, node: Node<'a>, kind: &str) -> Result<Node<'a>> {
        let mut node = node;
        let mut passed = Vec::new();
        while node.get("$ref").is_some() {
            if let Some((beside, _)) = node.members()?.find(|(keyword, _)| {
                !matches!(*keyword, "$ref" | "summary" | "description")
                    && !keyword.starts_with("x-")
            }) {
                let at = node.at.at(beside);
                return Err(at.misfit("nothing but prose beside a $ref", UNKNOWN));
            }
            passed.push(node.at.clone());
            node = self.target(&node, kind)?;
            if passed.contains(&node.at) {
                return Err(node.at.misfit("no component that contains itself", UNKNOWN));
            }
        }
        Ok(node)
    }

    /// What the `$ref` of `node` names.
    fn target(&self, node: &Node<'a>, kind: &str) -> Result<Node<'a>> {
        let text = node.need("$ref")?.text()?;
        let (_, name) = reference::parse(&text)
            .filter(|(found, _)| *found == kind)
            .ok_or_else(|| {
                let expected = format!("a reference of the form #/components/{kind}/NAME");
                node.at.misfit(expected, UNKNOWN)
            })?;
        self.root()
            .get("components")
            .and_then(|components| components.get(kind)?.get(&name))
            .ok_or_else(|| reference::missing(&node.at, &text))
    }
}

impl<'a> Node<'a> {
    fn get(&self, keyword: &str) -> Option<Self> {
        Some(Self {
            value: self.value.get(keyword)?,
            at: self.at.at(keyword),
        })
    }

    fn need(&self, keyword: &str) -> Result<Self> {
        self.get(keyword)
            .ok_or_else(|| self.at.misfit(format!("a member '{keyword}'"), MALFORMED))
    }

    fn map(&self) -> Result<&'a Map<String, Value>> {
        self.value
            .as_object()
            .ok_or_else(|| self.at.misfit("an object", MALFORMED))
    }

    /// The members of an object.
    fn members(&self) -> Result<impl Iterator<Item = (&'a str, Self)> + use<'a>> {
        let at = self.at.clone();
        Ok(self.map()?.iter().map(move |(name, value)| {
            let at = at.at(name);
            (name.as_str(), Self { value, at })
        }))
    }

    fn list(&self) -> Result<Vec<Self>> {
        let items = self
            .value
            .as_array()
            .ok_or_else(|| self.at.misfit("a list", MALFORMED))?;
        let numbered = items.iter().enumerate();
        Ok(numbered
            .map(|(index, value)| Self {
                value,
                at: self.at.at(index),
            })
            .collect())
    }

    fn text(&self) -> Result<String> {
        self.value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| self.at.misfit("a string", MALFORMED))
    }

    /// A string that may be missing.
    fn prose(&self, keyword: &str) -> Result<Option<String>> {
        self.get(keyword).map(|node| node.text()).transpose()
    }

    /// A boolean that is false where it is missing.
    fn flag(&self, keyword: &str) -> Result<bool> {
        self.get(keyword).map_or(Ok(false), |node| {
            node.value
                .as_bool()
                .ok_or_else(|| node.at.misfit("true or false", MALFORMED))
        })
    }

    /// Makes sure that this object has no keyword but these. An extension, whose name begins with `x-`, is a remark
    /// to some tool, and OpenAPI lets a reader pass it over.
    fn keywords(&self, kind: &str, known: &[&[&str]]) -> Result<()> {
        let is_known = |keyword: &str| {
            keyword.starts_with("x-") || known.iter().any(|some| some.contains(&keyword))
        };
        match self.map()?.keys().find(|keyword| !is_known(keyword)) {
            None => Ok(()),
            Some(keyword) => {
                let expected = format!("a keyword that this step knows of {kind}");
                Err(self.at.at(keyword).misfit(expected, UNKNOWN))
            }
        }
    }
}
