//! Which account a ledger is about.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Problem};
use crate::ledger::{Entry, Ledger, LedgerError};
use crate::provisioner::Provisioner;
use crate::record::Record;

/// The intent of the note. No caller can have it.
pub(crate) const INTENT: &str = "";

/// How often somebody else may write the note at the same moment.
const MOST_CONFLICTS: usize = 3;

impl<L: Ledger> Provisioner<L> {
    /// Sees to it that the ledger is about the client's account, once.
    pub(crate) async fn bind(&self) -> Result<(), Error> {
        // Several may find out at once: whoever waited for another one that is not polled would wait for ever.
        if self.bound.get().is_none() {
            self.compare().await?;
            let _ = self.bound.set(());
        }
        Ok(())
    }

    async fn compare(&self) -> Result<(), Error> {
        let me = self
            .client()
            .current()
            .send()
            .await
            .map_err(|error| Error::client("looking at the client's own key", error))?;
        if me.is_management_key == Some(false) {
            return Err(Error::new(Problem::Ordinary));
        }
        let base_url = self.client().base_url();
        let ours = Account {
            name: self.settings().account.clone(),
            organization: me.organization_id,
            user: me.creator_user_id,
        };
        for _ in 0..MOST_CONFLICTS {
            let mut entries = self.ledger().read(INTENT).await?;
            let is_used = entries.is_empty() && !self.ledger().intents().await?.is_empty();
            if is_used {
                // Or somebody else has begun just now, with the note.
                entries = self.ledger().read(INTENT).await?;
            }
            let position = entries.len();
            if is_used && position == 0 {
                let what = "it has intents, and no note of whose they are";
                return Err(Error::new(Problem::Damaged(what.to_owned())));
            }
            let known = known(entries, base_url, &ours)?;
            let account = known.clone().unwrap_or_default().or(ours.clone());
            if known.as_ref() == Some(&account) {
                return Ok(());
            }
            let note = Record::Bound {
                base_url: base_url.to_owned(),
                account,
            };
            let note = Entry::new(note, None);
            match self.ledger().append(INTENT, position, &note).await {
                Ok(()) => return Ok(()),
                // Somebody else has written it: is it the same?
                Err(LedgerError::Conflict) => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        Err(Error::new(Problem::Contended))
    }
}

/// What the notes in the ledger say of its account, if there are any; an error, if that is another one than ours.
fn known(entries: Vec<Entry>, base_url: &str, ours: &Account) -> Result<Option<Account>, Error> {
    let mut known = None;
    for entry in entries {
        let Record::Bound {
            base_url: theirs,
            account,
        } = entry.record
        else {
            let what = "the note of whose it is, is something else";
            return Err(Error::new(Problem::Damaged(what.to_owned())));
        };
        if theirs != base_url || account.is_other_than(ours) {
            return Err(Error::new(Problem::ForeignLedger {
                theirs: format!("{account} at {theirs}"),
                ours: format!("{ours} at {base_url}"),
            }));
        }
        known = Some(account);
    }
    Ok(known)
}

/// What tells an account from others, as far as it is known.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// # let provisioner = openrouter_keys_provision::Provisioner::new(
/// #     client, openrouter_keys_provision::MemoryLedger::new());
/// use openrouter_keys_provision::{Ledger, Record};
///
/// let provisioner = provisioner.account("shop");
/// provisioner.sweep().await?;
///
/// // Whose ledger is it?
/// let notes = provisioner.ledger().records("").await.expect("memory does not fail");
/// let Some(Record::Bound { account, .. }) = notes.last() else { panic!("nobody has called") };
/// assert_eq!(account.to_string(), "account \"shop\"");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Account {
    /// What the [caller](crate::Provisioner::account) calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The organisation of the management key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The user who made the management key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

impl Account {
    /// Whether this is certainly another one. Like is compared with like: a name that somebody gave it says most, then the
    /// organisation; and the user only where there is none, since an organisation has several.
    fn is_other_than(&self, other: &Self) -> bool {
        let both =
            |one: &Option<String>, other: &Option<String>| Some(one.as_ref()? != other.as_ref()?);
        both(&self.name, &other.name)
            .or_else(|| both(&self.organization, &other.organization))
            .or_else(|| {
                let has_none = self.organization.is_none() && other.organization.is_none();
                both(&self.user, &other.user).filter(|_| has_none && other.name.is_none())
            })
            .unwrap_or(false)
    }

    /// This, and what is known of the other where this knows nothing.
    fn or(self, other: Self) -> Self {
        Self {
            name: self.name.or(other.name),
            organization: self.organization.or(other.organization),
            user: self.user.or(other.user),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, &self.organization, &self.user) {
            (Some(name), ..) => write!(f, "account {name:?}"),
            (None, Some(organization), _) => write!(f, "organisation {organization:?}"),
            (None, None, Some(user)) => write!(f, "user {user:?}"),
            (None, None, None) => f.write_str("an account without a name"),
        }
    }
}
