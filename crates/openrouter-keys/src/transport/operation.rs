//! What distinguishes the six operations for the transport.

/// One of the six operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    List,
    Create,
    Get,
    Update,
    Delete,
    Current,
}

impl Operation {
    /// As errors call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::List => "list keys",
            Self::Create => "create key",
            Self::Get => "get key",
            Self::Update => "update key",
            Self::Delete => "delete key",
            Self::Current => "get current key",
        }
    }

    /// Whether the server changes anything when it carries it out.
    pub(crate) fn is_mutation(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Delete)
    }

    /// Whether carrying it out twice comes to the same as once. A second create makes a second key.
    pub(crate) fn is_repeatable(self) -> bool {
        self != Self::Create
    }

    /// Whether a successful answer holds a plaintext.
    pub(crate) fn answers_a_secret(self) -> bool {
        self == Self::Create
    }

    /// The most bytes that are read of an answer. A page is 100 keys of about a kilobyte each.
    pub(crate) fn body_limit(self) -> usize {
        match self {
            Self::List => 4 << 20,
            _ => 1 << 20,
        }
    }
}
