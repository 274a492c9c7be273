//! The one error of the pipeline: a document that does not have the shape a step accepts.

use std::fmt;

/// A place in a document that is not as expected, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// A JSON pointer.
    pub(crate) at: Pointer,
    pub(crate) expected: String,
    pub(crate) advice: &'static str,
}

pub(crate) type Result<T> = std::result::Result<T, Misfit>;

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: expected {}; {}",
            self.at, self.expected, self.advice
        )
    }
}

/// A JSON pointer in the making.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pointer(String);

impl Pointer {
    /// The whole document.
    pub(crate) fn root() -> Self {
        Self::default()
    }

    /// This place's child.
    pub(crate) fn at(&self, key: impl fmt::Display) -> Self {
        let key = key.to_string().replace('~', "~0").replace('/', "~1");
        Self(format!("{}/{key}", self.0))
    }

    /// The form that `serde_json::Value::pointer` takes.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn misfit(&self, expected: impl Into<String>, advice: &'static str) -> Misfit {
        Misfit {
            at: self.clone(),
            expected: expected.into(),
            advice,
        }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}
