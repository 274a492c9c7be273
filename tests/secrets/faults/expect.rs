//! The outcomes that the table speaks of.
//!
//! Each of them counts what the server saw, and looks for secrets in every error.

use openrouter_keys::{
    Client, ClientBuilder, Error, ErrorKind, ExposeSecret, KeyHash, SecretString,
};

use crate::support::{
    Answer, PLAINTEXT, Scripted, TOKEN, Verb, VirtualClock, assert_clean, assert_unsent, everything,
};

/// What came of a call.
pub(super) struct Outcome {
    pub(super) result: Result<Option<SecretString>, Error>,
    /// How many requests the server saw.
    pub(super) requests: usize,
}

impl Outcome {
    /// The error, after a look for secrets in it.
    #[track_caller]
    pub(super) fn error(self) -> Error {
        let error = self.result.map(drop).expect_err("an error was expected");
        assert_safe(&error);
        error
    }

    #[track_caller]
    pub(super) fn assert_ok(self, requests: usize) {
        match self.result {
            Ok(secret) => {
                if let Some(secret) = secret {
                    assert_eq!(secret.expose_secret(), PLAINTEXT);
                }
            }
            Err(error) => panic!("a success was expected: {error}"),
        }
        assert_eq!(self.requests, requests, "requests");
    }
}

/// No secret in anything that it prints, and one line.
#[track_caller]
pub(super) fn assert_safe(error: &Error) {
    assert_clean("the error", &everything(error));
    assert!(!error.to_string().contains('\n'), "{error}");
}

/// A client of `server` whose time is virtual, with the policy that every client has.
pub(super) fn builder(server: &Scripted, clock: &VirtualClock) -> ClientBuilder {
    Client::builder()
        .management_key(TOKEN)
        .base_url(server.base_url())
        .clock(clock.clone())
}

/// One call, of a server with this script.
pub(super) async fn run(verb: Verb, script: Vec<Answer>, clock: &VirtualClock) -> Outcome {
    let server = Scripted::start(script).await;
    let client = builder(&server, clock).build().unwrap();
    let result = verb.call(&client).await;
    Outcome {
        result,
        requests: server.requests().len(),
    }
}

/// The server may have acted: a create fails at once and says so, and any other call is repeated.
pub(super) async fn ambiguous(kind: ErrorKind, trouble: impl Fn(&VirtualClock) -> Answer) {
    for verb in Verb::ALL {
        let clock = VirtualClock::new();
        let trouble = || trouble(&clock);
        if verb == Verb::Create {
            let script = vec![trouble(), verb.good_answer(), verb.good_answer()];
            let outcome = run(verb, script, &clock).await;
            assert_eq!(outcome.requests, 1, "a create was sent again");
            let error = outcome.error();
            assert_eq!((error.kind(), error.attempts()), (kind, 1), "{error}");
            assert!(error.maybe_applied() && !error.is_retryable(), "{error}");
            assert!(error.into_salvaged().is_none());
        } else {
            let outcome = run(verb, vec![trouble(), verb.good_answer()], &clock).await;
            outcome.assert_ok(2);
            let outcome = run(verb, vec![trouble(), trouble(), trouble()], &clock).await;
            assert_eq!(outcome.requests, 3, "{verb:?}");
            let error = outcome.error();
            assert_eq!((error.kind(), error.attempts()), (kind, 3), "{error}");
            assert_eq!(error.maybe_applied(), verb.changes(), "{verb:?}: {error}");
            assert!(error.is_retryable(), "{verb:?}: {error}");
        }
    }
}

/// No request can have left: each call is repeated, and nothing was done. `client` makes a client that gets no further.
pub(super) async fn unsent(client: impl Fn() -> ClientBuilder) {
    for verb in Verb::ALL {
        unsent_by(&client().build().unwrap(), verb).await;
    }
}

/// As [`unsent`], for one verb.
pub(super) async fn unsent_by(client: &Client, verb: Verb) {
    let error = verb
        .call(client)
        .await
        .map(drop)
        .expect_err("nobody answers");
    assert_safe(&error);
    assert_unsent(&error);
    assert!(error.into_salvaged().is_none());
}

/// An error that no repetition would change.
pub(super) async fn typed(kind: ErrorKind, answer: Answer) {
    typed_for(&Verb::ALL, kind, false, answer).await;
}

/// The same, but that a create may have made its key.
pub(super) async fn typed_and_create_ambiguous(kind: ErrorKind, answer: Answer) {
    let [list, create, rest @ ..] = Verb::ALL;
    typed_for(&[create], kind, true, answer.clone()).await;
    for verb in [[list].as_slice(), &rest].concat() {
        // An answer that says something odd does not say that nothing was done.
        let changed = verb.changes() && kind == ErrorKind::Decode;
        typed_for(&[verb], kind, changed, answer.clone()).await;
    }
}

pub(super) async fn typed_for(verbs: &[Verb], kind: ErrorKind, applied: bool, answer: Answer) {
    for verb in verbs {
        let script = vec![answer.clone(), verb.good_answer(), verb.good_answer()];
        let outcome = run(*verb, script, &VirtualClock::new()).await;
        assert_eq!(outcome.requests, 1, "{verb:?} was sent again");
        let error = outcome.error();
        assert_eq!(
            (error.kind(), error.attempts()),
            (kind, 1),
            "{verb:?}: {error}"
        );
        assert_eq!(error.maybe_applied(), applied, "{verb:?}: {error}");
        assert!(!error.is_retryable(), "{verb:?}: {error}");
        assert!(error.into_salvaged().is_none());
    }
}

/// A create whose plaintext is returned, although something was odd.
pub(super) async fn created_all_the_same(answer: Answer) {
    let script = vec![answer, Verb::Create.good_answer()];
    let outcome = run(Verb::Create, script, &VirtualClock::new()).await;
    let secret = outcome.result.unwrap().expect("a create gives a plaintext");
    assert_eq!(secret.expose_secret(), PLAINTEXT);
    assert_eq!(outcome.requests, 1);
}

/// A create whose error has the plaintext, and the hash if it is expected.
pub(super) async fn salvaged(kind: ErrorKind, hash: Option<&str>, answer: Answer) {
    let script = vec![answer, Verb::Create.good_answer()];
    let outcome = run(Verb::Create, script, &VirtualClock::new()).await;
    assert_eq!(outcome.requests, 1, "a create was sent again");
    let error = outcome.error();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.maybe_applied() && !error.is_retryable(), "{error}");
    assert_eq!(error.hash(), None, "{error}");
    let salvaged = error.into_salvaged().expect("the plaintext arrived");
    assert_eq!(salvaged.secret.expose_secret(), PLAINTEXT);
    assert_eq!(salvaged.hash.as_ref().map(KeyHash::as_str), hash);
    assert_clean("Salvaged", &format!("{salvaged:?} {salvaged:#?}"));
}

/// Refused before anything is sent, by an error that names the argument.
#[track_caller]
pub(super) fn refused<T>(argument: &str, result: Result<T, Error>) {
    let error = result.map(drop).expect_err(argument);
    assert_safe(&error);
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert_eq!(error.attempts(), 0, "{error}");
    assert!(!error.maybe_applied() && !error.is_retryable(), "{error}");
    let text = error.to_string();
    let begins = format!("invalid `{argument}`: must ");
    assert!(text.starts_with(&begins), "{text}");
}
