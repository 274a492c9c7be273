//! The six verbs, for tests that hold for each of them.

use openrouter_keys::{Client, Error, SecretString};

use super::{Answer, HASH, created, current_key, deleted, one_key, page};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verb {
    List,
    Create,
    Get,
    Update,
    Delete,
    Current,
}

impl Verb {
    pub(crate) const ALL: [Self; 6] = [
        Self::List,
        Self::Create,
        Self::Get,
        Self::Update,
        Self::Delete,
        Self::Current,
    ];

    /// Whether the server changes something.
    pub(crate) fn changes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Delete)
    }

    /// One call, and the plaintext if it gives one.
    pub(crate) async fn call(self, client: &Client) -> Result<Option<SecretString>, Error> {
        match self {
            Self::List => client.list().send().await.map(|_| None),
            Self::Create => {
                let created = client.create("Customer 42").limit(50).send().await;
                created.map(|created| Some(created.secret))
            }
            Self::Get => client.get(HASH).send().await.map(|_| None),
            Self::Update => client.update(HASH).unlimited().send().await.map(|_| None),
            Self::Delete => client.delete(HASH).send().await.map(|()| None),
            Self::Current => client.current().send().await.map(|_| None),
        }
    }

    /// What a well-behaved server answers.
    pub(crate) fn good_answer(self) -> Answer {
        match self {
            Self::List => page(),
            Self::Create => created(),
            Self::Get | Self::Update => one_key(),
            Self::Delete => deleted(),
            Self::Current => current_key(),
        }
    }
}
