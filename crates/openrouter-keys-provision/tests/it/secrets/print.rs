//! What was printed, and of what.

use std::collections::BTreeSet;
use std::fmt::Debug;

use openrouter_keys_provision::Error;

use super::public;

/// As much of a secret is no secret any more. A label shows less.
const WINDOW: usize = 12;

/// What is printed is kept until all secrets are known.
#[derive(Default)]
pub(crate) struct Printed {
    secrets: Vec<String>,
    texts: Vec<(String, String)>,
    kinds: BTreeSet<String>,
}

impl Printed {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut printed = Self::default();
        secrets
            .into_iter()
            .for_each(|secret| printed.secret(secret));
        printed
    }

    pub(crate) fn secret(&mut self, secret: &str) {
        // What all plaintexts begin with is no secret.
        let secret = secret.trim_start_matches("sk-or-v1-").to_lowercase();
        assert!(secret.len() > 2 * WINDOW, "that is hardly a secret");
        self.secrets.push(secret);
    }

    pub(crate) fn add<T: Debug>(&mut self, value: &T, others: [Option<String>; 2]) {
        // Without the types that it is made of, and without its modules.
        let name = std::any::type_name::<T>().trim_start_matches('&');
        let name = name.split('<').next().unwrap_or(name);
        let name = name.rsplit("::").next().unwrap_or(name);
        let texts = [format!("{value:?} {value:#?}")];
        for text in texts.into_iter().chain(others.into_iter().flatten()) {
            self.texts.push((name.to_owned(), text));
        }
    }

    /// An error with all that it comes from.
    pub(crate) fn error(&mut self, error: &Error) {
        self.kinds.insert(format!("{:?}", error.kind()));
        self.add(&error.kind(), [None, None]);
        self.add(error, [Some(error.to_string()), None]);
        let mut source = std::error::Error::source(error);
        while let Some(error) = source {
            self.add(&error, [Some(error.to_string()), None]);
            source = error.source();
        }
    }

    /// Panics if a secret was printed, or a public type or a kind of error was not.
    pub(crate) fn assert_complete(self) {
        let Self {
            secrets,
            texts,
            kinds,
        } = self;
        for (name, text) in &texts {
            let text = text.to_lowercase();
            for secret in &secrets {
                let windows = 0..=secret.len() - WINDOW;
                let mut windows = windows.filter_map(|start| secret.get(start..start + WINDOW));
                let found = windows.find(|window| text.contains(window));
                assert_eq!(found, None, "{name} shows a part of a secret: {text}");
            }
        }
        let types: BTreeSet<_> = texts.into_iter().map(|(name, _)| name).collect();
        let mut public = public::types();
        // A trait, which callers implement.
        assert!(public.remove("Ledger"));
        let missing: Vec<_> = public.difference(&types).collect();
        assert!(missing.is_empty(), "not printed: {missing:?}");
        assert_eq!(kinds, public::variants("error.rs", "ErrorKind"));
    }
}

macro_rules! show {
    ($printed:ident: $($value:expr),+ $(,)?) => {
        $({
            #[allow(unused_imports, reason = "which of them are used depends on the type")]
            use $crate::secrets::forms::{HasDisplay as _, HasSerialize as _, NoDisplay as _, NoSerialize as _, Of};
            let value = &$value;
            $printed.add(value, [(&Of(value)).display(), (&Of(value)).json()]);
        })+
    };
}

pub(crate) use show;

#[test]
#[should_panic(expected = "shows a part of a secret")]
fn what_shows_a_part_of_a_secret_is_found() {
    let mut printed = Printed::new(["sk-or-v1-canary-that-is-long-enough-to-be-one"]);
    printed.add(&"it is -THAT-IS-LONG-", [None, None]);
    printed.assert_complete();
}
