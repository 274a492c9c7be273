//! Looking for secrets in text, whole or in part, and as they may be written there.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use super::{PARTNER_KEY, PLAINTEXT, TOKEN};

/// The password of a proxy, which is the caller's secret and passes through us.
pub(crate) const PROXY_PASSWORD: &str = "canary-of-a-proxy-that-needs-a-password";

/// A plaintext as no key looks today, so that nobody knows it for one before it has arrived.
pub(crate) const UNUSUAL: &str = "canary: a plaintext of another form";

/// As much of a secret is no secret any more.
const WINDOW: usize = 12;

/// Panics if there is anything of a secret in `text`.
pub(crate) fn assert_clean(what: &str, text: &str) {
    if let Some(part) = find(text) {
        panic!("{what}: `{part}` is part of a secret: {text}");
    }
}

/// The first part of a secret that is in `text`.
pub(crate) fn find(text: &str) -> Option<String> {
    // Whatever is quoted in what way, the backslashes are all that differs.
    let text = text.replace('\\', "").to_lowercase();
    let text = text.as_bytes();
    let window = text.windows(WINDOW).find(|part| PARTS.contains(*part))?;
    Some(String::from_utf8_lossy(window).into_owned())
}

/// All windows of all secrets in all forms, in lower case.
static PARTS: LazyLock<HashSet<Vec<u8>>> = LazyLock::new(|| {
    let secrets = [TOKEN, PLAINTEXT, PARTNER_KEY, PROXY_PASSWORD, UNUSUAL];
    let forms = secrets.iter().flat_map(|secret| forms(secret));
    forms
        .flat_map(|form| {
            let form = form.to_lowercase().into_bytes();
            form.windows(WINDOW).map(<[u8]>::to_vec).collect::<Vec<_>>()
        })
        .collect()
});

fn forms(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let mut percent = String::new();
    let mut plus = String::new();
    for byte in bytes {
        let plain = byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
        let encoded = if plain {
            char::from(*byte).to_string()
        } else {
            format!("%{byte:02x}")
        };
        percent += &encoded;
        plus += if *byte == b' ' { "+" } else { &encoded };
    }
    let mut forms = vec![
        secret.to_owned(),
        percent,
        plus,
        hexadecimal(bytes, ""),
        hexadecimal(bytes, " "),
        // As Debug writes bytes.
        format!("{bytes:?}"),
    ];
    // Its letters depend on where in a group of three bytes the secret begins.
    for skip in 0..3 {
        forms.push(base64(&bytes[skip..]));
    }
    forms
}

fn hexadecimal(bytes: &[u8], between: &str) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}{between}").expect("writing to a String does not fail");
        text
    })
}

/// The whole groups of `bytes` in Base64.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks_exact(3) {
        let group = group
            .iter()
            .fold(0, |group, byte| group << 8 | usize::from(*byte));
        for shift in [18, 12, 6, 0] {
            text.push(LETTERS[group >> shift & 63].into());
        }
    }
    text
}

#[test]
fn every_form_of_every_secret_is_found_and_nothing_else() {
    for leak in [
        TOKEN,
        "x canary-manag x",
        "SK-OR-V1-CANARY",
        "canary \\\"partner\\\" key",
        "canary%20%22partner%22+key",
        "canary+%22partner%22+key",
        // The management key, cut in the middle of a group.
        "Basic eDpzay1vci12MS1jYW5hcnktbWFuYWdlbWVudC1ub3QtYS1yZWFsLWtleQ==",
        "[115, 107, 45, 111, 114, 45, 118, 49, 45]",
        "736b2d6f722d76312d",
        "73 6b 2d 6f 72 2d 76 31 2d",
    ] {
        assert!(find(leak).is_some(), "{leak}");
    }
    for fine in [
        "",
        "canary",
        "sk-or-v1-",
        "[redacted]",
        "sk-or-v1-000...00aa",
    ] {
        assert_eq!(find(fine), None);
    }
}
