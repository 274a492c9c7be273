//! Who is asking, and what they may do.

use axum::http::{HeaderMap, StatusCode, header};

use crate::answer::Refusal;
use crate::credential::Digest;
use crate::state::{Holder, State};

/// Whoever presents the credential in the `Authorization` header; notes that the key was used.
///
/// # Errors
/// 401 without a credential, with one that nobody holds, and with one of a key that is disabled
/// or has expired.
pub(crate) fn anyone(state: &mut State, headers: &HeaderMap) -> Result<Holder, Refusal> {
    let credential = presented(headers)?;
    let holder = state.holder(credential).ok_or_else(unknown)?;
    if let Holder::Key(sequence) = holder {
        let now = state.now();
        let key = state.at(sequence).ok_or_else(unknown)?;
        // The documents do not say what the owner of such a key is told; here, the truth.
        if key.disabled {
            return Err(Refusal::unauthorized("This API key is disabled"));
        }
        if key.has_expired(now) {
            return Err(Refusal::unauthorized("This API key has expired"));
        }
        state.mark_used(sequence);
    }
    Ok(holder)
}

/// Lets only the management key pass.
///
/// # Errors
/// Those of [`anyone`], and 403 for an ordinary key. The documents say so for create and update
/// only; here, it holds wherever keys are managed.
pub(crate) fn management(state: &mut State, headers: &HeaderMap) -> Result<(), Refusal> {
    match anyone(state, headers)? {
        Holder::Management => Ok(()),
        Holder::Key(_) => Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "Only management keys can perform this operation",
        )),
    }
}

/// The digest of the bearer token. The token itself goes no further than this.
pub(crate) fn presented(headers: &HeaderMap) -> Result<Digest, Refusal> {
    let header = headers
        .get(header::AUTHORIZATION)
        .map(|value| value.as_bytes().trim_ascii())
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Refusal::unauthorized("Missing Authentication header"))?;
    let scheme = header.split(|byte| *byte == b' ').next().unwrap_or(header);
    let token = header[scheme.len()..].trim_ascii();
    if !scheme.eq_ignore_ascii_case(b"Bearer") || token.is_empty() {
        return Err(Refusal::unauthorized(
            "The Authorization header must be of the form `Bearer <key>`",
        ));
    }
    Ok(Digest::of(token))
}

fn unknown() -> Refusal {
    Refusal::unauthorized("This API key is not known")
}
