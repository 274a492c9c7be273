//! The six operations: where each is found in a document, and what its parts are called from there on.

use crate::misfit::Pointer;

/// What to do about a document that lacks one of the six.
pub(crate) const MISSING: &str =
    "documents from before 2025-10-16 lack some; give a newer one, or a whole one";

/// One operation of the service.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// The id that the generated client uses. The document's own ids were renamed more than once.
    pub(crate) id: &'static str,
    /// The name of the request body's type.
    pub(crate) request: Option<&'static str>,
    /// The documented success status, and the name of its body's type.
    pub(crate) success: &'static str,
    pub(crate) response: &'static str,
}

/// Every method that a path may have.
pub(crate) const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Whether a path has to do with keys, known or not.
pub(crate) fn is_about_keys(path: &str) -> bool {
    ["/key", "/keys"].into_iter().any(|ours| {
        let rest = path.strip_prefix(ours);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

impl Operation {
    /// As in messages: `GET /keys`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        (self.method, self.path) == (method, path)
    }

    /// Where a document has it.
    pub(crate) fn at(&self) -> Pointer {
        self.path_at().at(self.method)
    }

    /// Where a document has its path.
    pub(crate) fn path_at(&self) -> Pointer {
        Pointer::root().at("paths").at(self.path)
    }
}

pub(crate) const OPERATIONS: [Operation; 6] = [
    Operation {
        method: "get",
        path: "/keys",
        id: "list_keys",
        request: None,
        success: "200",
        response: "KeyPage",
    },
    Operation {
        method: "post",
        path: "/keys",
        id: "create_key",
        request: Some("CreateKeyRequest"),
        success: "201",
        response: "CreatedKey",
    },
    Operation {
        method: "get",
        path: "/keys/{hash}",
        id: "get_key",
        request: None,
        success: "200",
        response: "KeyEnvelope",
    },
    Operation {
        method: "patch",
        path: "/keys/{hash}",
        id: "update_key",
        request: Some("UpdateKeyRequest"),
        success: "200",
        response: "KeyEnvelope",
    },
    Operation {
        method: "delete",
        path: "/keys/{hash}",
        id: "delete_key",
        request: None,
        success: "200",
        response: "DeletedKey",
    },
    Operation {
        method: "get",
        path: "/key",
        id: "get_current_key",
        request: None,
        success: "200",
        response: "CurrentKeyEnvelope",
    },
];
