//! Which account a ledger is about.

use openrouter_keys::CurrentKey;

use crate::error::{Error, Problem};
use crate::ledger::{Entry, Ledger};
use crate::provisioner::Provisioner;
use crate::record::Record;

/// The intent of the note. No caller can have it.
pub(crate) const INTENT: &str = "";

/// How often somebody else may write the note at the same moment.
const MOST_CONFLICTS: usize = 3;

impl<L: Ledger> Provisioner<L> {
    /// Sees to it that the ledger is about the client's account, once.
    pub(crate) async fn bind(&self) -> Result<(), Error> {
        self.bound.get_or_try_init(|| self.compare()).await.copied()
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
        let account = self.settings().account.clone().or_else(|| account_of(&me));
        for _ in 0..MOST_CONFLICTS {
            let entries = self.ledger().read(INTENT).await?;
            let position = entries.len();
            if position == 0 && !self.ledger().intents().await?.is_empty() {
                let what = "it has intents, and no note of whose they are";
                return Err(Error::new(Problem::Damaged(what.to_owned())));
            }
            let Bound { known, needs_note } = compare(entries, base_url, account.as_deref())?;
            if !needs_note {
                return Ok(());
            }
            let note = Record::Bound {
                base_url: base_url.to_owned(),
                account: account.clone().or(known),
            };
            match self
                .ledger()
                .append(INTENT, position, &Entry::new(note, None))
                .await
            {
                Ok(()) => return Ok(()),
                // Somebody else has written it: is it the same?
                Err(crate::LedgerError::Conflict) => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        Err(Error::new(Problem::Contended))
    }
}

struct Bound {
    /// The account that the ledger names.
    known: Option<String>,
    /// Whether the ledger does not say yet what is known now.
    needs_note: bool,
}

fn compare(entries: Vec<Entry>, base_url: &str, account: Option<&str>) -> Result<Bound, Error> {
    let mut bound = Bound {
        known: None,
        needs_note: true,
    };
    for entry in entries {
        let Record::Bound {
            base_url: theirs,
            account: known,
        } = entry.record
        else {
            let what = "the note of whose it is, is something else";
            return Err(Error::new(Problem::Damaged(what.to_owned())));
        };
        let is_other = matches!((&known, account), (Some(known), Some(ours)) if known != ours);
        if theirs != base_url || is_other {
            return Err(Error::new(Problem::Foreign {
                theirs: describe(&theirs, known.as_deref()),
                ours: describe(base_url, account),
            }));
        }
        bound.needs_note = known.is_none() && account.is_some();
        bound.known = known;
    }
    Ok(bound)
}

fn describe(base_url: &str, account: Option<&str>) -> String {
    match account {
        Some(account) => format!("account {account:?} at {base_url}"),
        None => base_url.to_owned(),
    }
}

/// What tells the account of a management key from others, if the service says it.
fn account_of(me: &CurrentKey) -> Option<String> {
    me.organization_id
        .clone()
        .or_else(|| me.creator_user_id.clone())
}
