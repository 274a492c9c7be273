//! The six operations: where each is found in a document, and what its parts are called from there on.

use crate::misfit::Pointer;

/// One operation of the service.
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

impl Operation {
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
