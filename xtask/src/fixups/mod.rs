//! Step three: from what a description says to what the generator is told, where the one would make it stop, or
//! would make brittle code.
//!
//! Each fixup says why it is there. It accepts the shapes that it names, the ones that it makes among them, and stops
//! at any other, so that somebody looks at what changed upstream.

mod calls;
mod known;
mod parameters;
mod types;

use crate::misfit::Result;
use crate::model::Description;
use crate::plan::Plan;

/// All fixups, for the description of a selection, which has all six operations. What the generator is told, read
/// again as a description, gives the same once more.
pub(crate) fn apply(description: Description) -> Result<Plan> {
    let mut types = types::Types::default();
    let mut calls = Vec::new();
    for endpoint in description.endpoints {
        calls::bearer_alone(&endpoint)?;
        calls::hoist_body(&endpoint, &mut types)?;
        calls::hoist_success(&endpoint, &mut types)?;
        calls.push(calls::call(endpoint)?);
    }
    Ok(Plan {
        info: description.info,
        servers: description.servers,
        calls,
        types: types.finish(),
    })
}

const CHANGED: &str = "the description changed in a way that xtask/src/fixups does not know; look at what it means \
     for a client, then teach it";

/// What to do about a field that the facade cannot do without.
const LACKING: &str =
    "documents from before 2025-10-16 lack some; give a newer one, or look at what changed";
