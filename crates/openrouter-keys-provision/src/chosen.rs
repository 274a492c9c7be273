//! Keys whose plaintext the caller chose, and plaintexts whose key is not known.

use openrouter_keys::{CurrentKey, Key, KeyHash, SecretString};

use crate::absence::is_no_workspace;
use crate::error::Error;
use crate::ledger::Ledger;
use crate::leftover::{LOOKING, marked};
use crate::log::Log;
use crate::marker::Nonce;
use crate::provisioner::Provisioner;
use crate::record::Record;

impl<L: Ledger> Provisioner<L> {
    /// Seals what the open attempt has made, if its plaintext was chosen by the caller and works. Nothing is removed here, so
    /// that an attempt which is still under way elsewhere comes to no harm.
    pub(crate) async fn find_chosen(&self, log: &mut Log<'_, L>) -> Result<bool, Error> {
        let Some(attempt) = log.history().attempts.last() else {
            return Ok(false);
        };
        let Some(chosen) = attempt.chosen.clone() else {
            return Ok(false);
        };
        let (nonce, workspace) = (attempt.nonce, attempt.request.workspace_id.clone());
        let hash = self
            .only_key_of(&chosen, nonce, workspace.as_deref())
            .await?;
        let Some(hash) = hash else {
            return Ok(false);
        };
        log.append(Record::Sealed { hash }, Some(chosen)).await?;
        Ok(true)
    }

    /// The key that a plaintext belongs to whose answer did not say it: the one with that nonce, if there is one alone and the
    /// plaintext opens it.
    pub(crate) async fn only_key_of(
        &self,
        secret: &SecretString,
        nonce: Nonce,
        workspace: Option<&str>,
    ) -> Result<Option<KeyHash>, Error> {
        let mut found = match marked(self.client(), workspace).await {
            // With the workspace, its keys are gone.
            Err(error) if workspace.is_some() && is_no_workspace(&error) => return Ok(None),
            found => found.map_err(|error| Error::client(LOOKING, error))?,
        };
        found.retain(|(of, _)| *of == nonce);
        let [(_, key)] = found.as_slice() else {
            return Ok(None);
        };
        Ok(self.opens(secret, key).await?.then(|| key.hash.clone()))
    }

    /// The plaintext that the caller chose, if it opens the key that was just made; else the service's own.
    pub(crate) async fn working(
        &self,
        chosen: Option<&SecretString>,
        theirs: SecretString,
        made: &Key,
    ) -> SecretString {
        let Some(chosen) = chosen else {
            return theirs;
        };
        // Any doubt speaks for the plaintext that the service has just made.
        match self.opens(chosen, made).await {
            Ok(true) => chosen.clone(),
            _ => theirs,
        }
    }

    async fn opens(&self, secret: &SecretString, key: &Key) -> Result<bool, Error> {
        match self.key_of(secret).await {
            Ok(theirs) => Ok(theirs.label == key.label),
            // A 429 says nothing of the key.
            Err(error)
                if !error.is_retryable()
                    && error.status().is_some_and(|it| it.is_client_error()) =>
            {
                Ok(false)
            }
            Err(error) => Err(Error::client("trying a key", error).of_key(&key.hash)),
        }
    }

    /// What the service says of the key with this plaintext.
    pub(crate) async fn key_of(
        &self,
        secret: &SecretString,
    ) -> Result<CurrentKey, openrouter_keys::Error> {
        let client = self.client().with_key(secret.clone());
        client.current().send().await
    }
}
