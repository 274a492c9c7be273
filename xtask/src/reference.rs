//! References to components.

use percent_encoding::percent_decode_str;

use crate::misfit::{Misfit, Pointer};

/// The kind and the name in `#/components/KIND/NAME`. The name is unescaped: a reference is a URL, and a JSON pointer
/// in it.
pub(crate) fn parse(reference: &str) -> Option<(&str, String)> {
    let (kind, name) = reference.strip_prefix("#/components/")?.split_once('/')?;
    if name.contains('/') {
        return None;
    }
    let name = percent_decode_str(name).decode_utf8().ok()?;
    Some((kind, name.replace("~1", "/").replace("~0", "~")))
}

/// The error of a reference that leads nowhere.
pub(crate) fn missing(at: &Pointer, reference: &str) -> Misfit {
    at.misfit(
        format!("{reference} to be there"),
        "the document is incomplete; get a whole one",
    )
}
