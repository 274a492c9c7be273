//! What becomes of a plaintext in a file.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use openrouter_keys::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// What a ledger in a file does with plaintexts. There is no default: whoever opens the ledger says it.
///
/// A file is one or the other from its first day, and its first line says which. To go from one to the other, open both, the
/// new one in a folder of its own, and append to it under each of [`intents`](crate::Ledger::intents) what
/// [`read`](crate::Ledger::read) gives; then remove the old folder.
///
/// ```
/// use openrouter_keys_provision::Custody;
///
/// # struct Vault;
/// # impl Vault {
/// #     fn encrypt(&self, _: &[u8]) -> Result<Vec<u8>, std::io::Error> { Ok(Vec::new()) }
/// #     fn decrypt(&self, _: &[u8]) -> Result<String, std::io::Error> { Ok(String::new()) }
/// # }
/// # let vault = std::sync::Arc::new(Vault);
/// use openrouter_keys::{ExposeSecret, SecretString};
///
/// let (sealing, opening) = (vault.clone(), vault);
/// let custody = Custody::sealed(
///     move |plaintext| Ok(sealing.encrypt(plaintext.expose_secret().as_bytes())?),
///     move |sealed| Ok(SecretString::from(opening.decrypt(sealed)?)),
/// );
/// ```
#[must_use]
pub struct Custody(pub(super) Kind);

pub(super) enum Kind {
    Plaintext,
    Sealed { seal: Seal, open: Open },
}

type Seal = Box<dyn Fn(&SecretString) -> Result<Vec<u8>, BoxError> + Send + Sync>;
type Open = Box<dyn Fn(&[u8]) -> Result<SecretString, BoxError> + Send + Sync>;
pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Custody {
    /// Plaintexts are stored as they are. Whoever can read the file has the keys until they are
    /// [released](crate::Record::Released): only the mode of file and folder, 0600 and 0700, is in the way.
    pub const fn plaintext() -> Self {
        Self(Kind::Plaintext)
    }

    /// `seal` makes of a plaintext what is stored instead, at most 4,000 bytes, and `open` makes the same plaintext of it
    /// again. To encrypt is one way; to put the plaintext into a vault and to give back its name there is another.
    ///
    /// `open` is called when the entries of an intent are [read](crate::Ledger::read), and never for its
    /// [records](crate::Ledger::records). Both are called where blocking is allowed, and may be called by several threads at once. They must be given again at
    /// each opening. `seal` is called before the entry is written, so it may have sealed what then is not stored. Their errors
    /// are shown as they are, so no secret may be in them. A panic in one is an error too, which does not show what it said.
    pub fn sealed(
        seal: impl Fn(&SecretString) -> Result<Vec<u8>, BoxError> + Send + Sync + 'static,
        open: impl Fn(&[u8]) -> Result<SecretString, BoxError> + Send + Sync + 'static,
    ) -> Self {
        Self(Kind::Sealed {
            seal: Box::new(seal),
            open: Box::new(open),
        })
    }

    pub(super) const fn is_sealed(&self) -> bool {
        matches!(self.0, Kind::Sealed { .. })
    }

    pub(super) fn store(&self, secret: &SecretString) -> Result<Stored, BoxError> {
        match &self.0 {
            Kind::Plaintext => Ok(Stored::Plaintext(secret.clone())),
            Kind::Sealed { seal, .. } => Ok(Stored::Sealed(caught(|| seal(secret))?)),
        }
    }

    pub(super) fn retrieve(&self, stored: &Stored) -> Result<SecretString, BoxError> {
        match (stored, &self.0) {
            (Stored::Sealed(bytes), Kind::Sealed { open, .. }) => caught(|| open(bytes)),
            (Stored::Plaintext(secret), _) => Ok(secret.clone()),
            (Stored::Sealed(_), Kind::Plaintext) => {
                unreachable!("a file is opened with the custody that its first line names")
            }
        }
    }
}

/// What a function of the caller comes to, which has nothing of ours in its hands that it could leave half done. What its
/// panic says is not passed on: it may have anything in it.
fn caught<T>(function: impl FnOnce() -> Result<T, BoxError>) -> Result<T, BoxError> {
    let panicked = |_| Err("a function of the custody panicked".into());
    catch_unwind(AssertUnwindSafe(function)).unwrap_or_else(panicked)
}

impl fmt::Debug for Custody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_sealed() {
            "Custody::sealed(..)"
        } else {
            "Custody::plaintext()"
        })
    }
}

/// A secret as it is in the file, and in memory: what is sealed is opened only when somebody asks for it, so that a dump of
/// the process has no plaintext in it that nobody needed.
#[derive(Clone)]
pub(super) enum Stored {
    Plaintext(SecretString),
    Sealed(Vec<u8>),
}

impl Stored {
    /// The JSON that the file has: a text, which is the plaintext or, in hexadecimal, what is sealed.
    pub(super) fn json(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Plaintext(secret) => {
                let secret = secret.expose_secret();
                // Room for the worst of escapes, so that no copy is left behind where the buffer was before it grew.
                let mut json = Zeroizing::new(Vec::with_capacity(6 * secret.len() + 2));
                serde_json::to_writer(&mut *json, secret).expect("a text has a JSON form");
                json
            }
            Self::Sealed(bytes) => {
                let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
                let mut json = vec![b'"'];
                json.extend(digits.map(|digit| b"0123456789abcdef"[usize::from(digit)]));
                json.push(b'"');
                Zeroizing::new(json)
            }
        }
    }

    /// What that JSON stands for, if it is any.
    pub(super) fn from_json(json: &[u8], is_sealed: bool) -> Option<Self> {
        let text: Zeroizing<String> = Zeroizing::new(serde_json::from_slice(json).ok()?);
        if !is_sealed {
            return Some(Self::Plaintext(SecretString::from(text.as_str())));
        }
        let digits = text.as_bytes().chunks(2);
        let byte = |pair: &[u8]| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        };
        digits.map(byte).collect::<Option<_>>().map(Self::Sealed)
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}
