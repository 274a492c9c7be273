//! Finding the plaintext in the answer to a create, whatever happened to the rest of that answer.
//!
//! The server shows a plaintext once. So where the answer cannot be decoded as a whole, its top-level object is
//! walked, as far as it arrived and without regard to what stands beside the members that matter. The walk is
//! no recursion: nesting of any depth is passed over. If it finds nothing, because the object is inside something
//! else or broken before the plaintext, the text is searched for a member that can be nothing else.

use openrouter_keys_raw::types as raw;
use secrecy::{ExposeSecret, SecretString};

use crate::error::Salvaged;
use crate::model::{Created, Key, KeyHash};

/// The whole result of a create, if the plaintext and the key arrived whole.
pub(crate) fn created_anyway(body: &[u8]) -> Option<Created> {
    let secret = plaintext(body)?.secret;
    let data = last_whole(body, "data")?;
    let key: raw::ApiKey = serde_json::from_slice(data).ok()?;
    Some(Created {
        key: Key::from_raw(key).ok()?,
        secret,
    })
}

/// The plaintext, if it arrived whole, and the hash, if that did too.
pub(super) fn plaintext(body: &[u8]) -> Option<Salvaged> {
    let secret = members(body)
        .filter(|member| member.whole && member.name == "key")
        .filter_map(|member| secret(member.value))
        .last()
        .or_else(|| unmistakable(body))?;
    Some(Salvaged {
        secret,
        hash: hash(body),
    })
}

/// As [`plaintext`], of an answer that says that nothing was made: only what can be nothing else than a plaintext tells
/// the contrary.
pub(super) fn plaintext_for_certain(body: &[u8]) -> Option<Salvaged> {
    const SHORTEST: usize = 32;
    plaintext(body).filter(|salvaged| {
        let secret = salvaged.secret.expose_secret();
        looks_like_a_key(secret) && secret.len() >= SHORTEST
    })
}

/// The hash of the key that was made, if it arrived whole.
pub(super) fn hash(body: &[u8]) -> Option<KeyHash> {
    members(body)
        .filter(|member| member.name == "data")
        .filter_map(|member| last_whole(member.value, "hash"))
        .filter_map(|hash| serde_json::from_slice(hash).ok())
        .last()
        .map(KeyHash::from_server)
}

/// A JSON string that is not empty.
fn secret(value: &[u8]) -> Option<SecretString> {
    let text: String = serde_json::from_slice(value).ok()?;
    // At once, so that one that is not wanted is overwritten too.
    Some(SecretString::from(text)).filter(|secret| !secret.expose_secret().is_empty())
}

/// The value of the last member `key` anywhere in the text that looks like a plaintext key. It cannot be part of
/// a string: there the quotation marks would be escaped.
fn unmistakable(text: &[u8]) -> Option<SecretString> {
    const NAME: &[u8] = br#""key""#;
    let starts = text.windows(NAME.len()).enumerate().rev();
    starts
        .filter(|(_, window)| *window == NAME)
        .find_map(|(start, _)| {
            let mut walk = Walk {
                text,
                at: start + NAME.len(),
            };
            // A plaintext is a string. To pass over whatever else stands there, once for each name, would take for ever.
            let is_string = walk.take(b':') && walk.peek() == Some(b'"');
            let (value, whole) = is_string.then(|| walk.next_value())??;
            secret(value).filter(|secret| whole && looks_like_a_key(secret.expose_secret()))
        })
}

/// Whether this can be a plaintext: not a masked one, such as `sk-or-v1-0e6...1c96`.
fn looks_like_a_key(text: &str) -> bool {
    text.strip_prefix("sk-or-").is_some_and(|rest| {
        rest.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    })
}

/// The value of the member `name`: the last one that is whole, as JSON has it where a name stands twice.
fn last_whole<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    members(object)
        .filter(|member| member.whole && member.name == name)
        .last()
        .map(|member| member.value)
}

/// One member of an object.
struct Member<'a> {
    name: String,
    value: &'a [u8],
    /// Whether the value arrived to its end.
    whole: bool,
}

/// The members of the object that `text` begins with, up to where it stops making sense.
fn members(text: &[u8]) -> impl Iterator<Item = Member<'_>> {
    let mut walk = Walk { text, at: 0 };
    // A byte order mark is not JSON, and no reason to lose a key.
    if text.starts_with(b"\xef\xbb\xbf") {
        walk.at = 3;
    }
    let mut open = walk.take(b'{');
    std::iter::from_fn(move || {
        if !open {
            return None;
        }
        let name = walk.next_name()?;
        let (value, whole) = walk.next_value()?;
        // A comma that is missing is no reason to stop before the next member.
        open = walk.take(b',') || walk.peek() == Some(b'"');
        Some(Member { name, value, whole })
    })
}

struct Walk<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    /// Passes over `byte` if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let next = self.peek() == Some(byte);
        self.at += usize::from(next);
        next
    }

    /// A name and the colon behind it.
    fn next_name(&mut self) -> Option<String> {
        self.peek().filter(|byte| *byte == b'"')?;
        let start = self.at;
        if !self.pass_string() {
            return None;
        }
        // A name that is not valid is none of those that matter.
        let name = serde_json::from_slice(&self.text[start..self.at]).unwrap_or_default();
        self.take(b':').then_some(name)
    }

    /// A value, and whether it is whole.
    fn next_value(&mut self) -> Option<(&'a [u8], bool)> {
        let first = self.peek()?;
        let start = self.at;
        let whole = match first {
            b'"' => self.pass_string(),
            b'{' | b'[' => self.pass_nested(),
            _ => self.pass_scalar(),
        };
        Some((&self.text[start..self.at], whole))
    }

    fn pass_string(&mut self) -> bool {
        self.at += 1;
        while let Some(byte) = self.text.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => return true,
                b'\\' => self.at += 1,
                _ => {}
            }
        }
        self.at = self.text.len();
        false
    }

    fn pass_nested(&mut self) -> bool {
        let mut depth = 0_usize;
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b'"' => {
                    if !self.pass_string() {
                        return false;
                    }
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return true;
            }
        }
        false
    }

    fn pass_scalar(&mut self) -> bool {
        while let Some(byte) = self.text.get(self.at) {
            if matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace() {
                return true;
            }
            self.at += 1;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::{created_anyway, plaintext};

    fn salvaged(body: &str) -> Option<(String, Option<String>)> {
        plaintext(body.as_bytes()).map(|salvaged| {
            (
                salvaged.secret.expose_secret().to_owned(),
                salvaged.hash.map(|hash| hash.to_string()),
            )
        })
    }

    #[test]
    fn the_plaintext_is_found_wherever_the_rest_breaks() {
        let cases = [
            (r#"{"key":"S","data":{"hash":"h"}}"#, Some(("S", Some("h")))),
            (r#"{"data":{"hash":"h"},"key":"S"}"#, Some(("S", Some("h")))),
            (r#"{"data":{"hash":"h"},"key":"S""#, Some(("S", Some("h")))),
            (r#"{"data":{"hash":"h"},"key":"S"#, None),
            (r#"{"data":{"hash":"h"},"key":"#, None),
            (r#"{"key":"S","data":{"hash":"h"#, Some(("S", None))),
            (
                r#"{"key":"S","data":{"hash":"h","name":"#,
                Some(("S", Some("h"))),
            ),
            (r#"{"key":"S","data":null}"#, Some(("S", None))),
            (r#"{"key":"S","data":{"hash":7}}"#, Some(("S", None))),
            (r#"{"key":"S"} trailing"#, Some(("S", None))),
            (r#"{"key":"S"}{"key":"T"}"#, Some(("S", None))),
            (r#"{"a":[{"key":"x"}],"key":"S"}"#, Some(("S", None))),
            (r#"{"a":"\",\"key\":\"x","key":"S"}"#, Some(("S", None))),
            (r#"{"key":"a\"b\u0041"}"#, Some(("a\"bA", None))),
            (r#"{"key":"old","key":"S"}"#, Some(("S", None))),
            (r#" { "n" : 1.5e3 , "key" : "S" } "#, Some(("S", None))),
            ("\u{feff}{\"key\":\"S\"}", Some(("S", None))),
            (r#"{"name":"\"key\":\"x\""}"#, None),
            (r#"{"data":{"key":"x"}}"#, None),
            (r#"{"key":""}"#, None),
            (r#"{"key":7}"#, None),
            (r#"[{"key":"x"}]"#, None),
            ("<html>key</html>", None),
            ("", None),
            (r#"{"key":"S\"#, None),
            (r#"{"key":"S","key":null}"#, Some(("S", None))),
            (r#"{"key":"S","key":""}"#, Some(("S", None))),
            (r#"{"\ud800":1,"key":"S"}"#, Some(("S", None))),
            (r#"{"data":{"hash":"h"} "key":"S"}"#, Some(("S", Some("h")))),
            // Where the walk finds nothing, what can only be a plaintext counts.
            (r#"Warning: x {"key":"sk-or-S"}"#, Some(("sk-or-S", None))),
            (r#"[{"key" : "sk-or-S"}]"#, Some(("sk-or-S", None))),
            (r#"{"data":{"key":"sk-or-S"}}"#, Some(("sk-or-S", None))),
            (
                r#"{"data":{"name":"a " b"},"key":"sk-or-S"}"#,
                Some(("sk-or-S", None)),
            ),
            (r#"{"name":"\"key\":\"sk-or-x\""}"#, None),
            (r#"{"data":{"hash":"sk-or-v1-old"}}"#, None),
            (r#"[{"key":"sk-or-S"#, None),
        ];
        for (body, expected) in cases {
            let found = salvaged(body);
            let found = found
                .as_ref()
                .map(|(secret, hash)| (&**secret, hash.as_deref()));
            assert_eq!(found, expected, "{body}");
        }
    }

    #[test]
    fn nesting_of_any_depth_is_passed_over() {
        let deep = 100_000;
        let body = format!(
            r#"{{"a":{}{},"key":"S"}}"#,
            "[".repeat(deep),
            "]".repeat(deep)
        );
        assert!(salvaged(&body).is_some_and(|(secret, hash)| secret == "S" && hash.is_none()));
        let body = format!(r#"{{"key":"S","a":{}"#, "[".repeat(deep));
        assert!(salvaged(&body).is_some_and(|(secret, hash)| secret == "S" && hash.is_none()));
    }

    #[test]
    fn every_cut_of_a_real_answer_keeps_what_arrived() {
        let data = r#"{"hash":"h","name":"\"key\":\"x\"","label":"l","disabled":false,"limit":null,"limit_remaining":null,"limit_reset":null,"include_byok_in_limit":false,"usage":0,"usage_daily":0,"usage_weekly":0,"usage_monthly":0,"byok_usage":0,"byok_usage_daily":0,"byok_usage_weekly":0,"byok_usage_monthly":0,"created_at":"2026-01-01T00:00:00Z","updated_at":null}"#;
        for body in [
            format!(r#"{{"data":{data},"key":"SECRET"}}"#),
            format!(r#"{{"key":"SECRET","data":{data}}}"#),
        ] {
            let secret_end = body.find("SECRET\"").unwrap() + 7;
            let data_end = body.find(data).unwrap() + data.len();
            for cut in 0..=body.len() {
                let part = &body.as_bytes()[..cut];
                assert_eq!(plaintext(part).is_some(), cut >= secret_end, "{cut}");
                let whole = cut >= secret_end && cut >= data_end;
                assert_eq!(created_anyway(part).is_some(), whole, "{cut}");
            }
        }
    }
}
