//! Keys whose plaintext the caller chose, and plaintexts whose key is not known.

use openrouter_keys::{ExposeSecret, Key, KeyHash, SecretString};

use crate::error::Error;
use crate::ledger::Ledger;
use crate::leftover::{LOOKING, marked};
use crate::log::Log;
use crate::marker::Nonce;
use crate::new_key::NewKey;
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
        let Some(hash) = self.only_key_of(&chosen, nonce, workspace).await? else {
            return Ok(false);
        };
        log.append(Record::Sealed { hash }, Some(chosen)).await?;
        Ok(true)
    }

    /// Which key a plaintext belongs to, whose answer did not say it.
    pub(crate) async fn hash_of(
        &self,
        secret: &SecretString,
        nonce: Nonce,
        request: &NewKey,
    ) -> Result<Option<KeyHash>, Error> {
        self.only_key_of(secret, nonce, request.workspace_id.clone())
            .await
    }

    /// The key with that nonce, if there is one alone and the plaintext opens it.
    async fn only_key_of(
        &self,
        secret: &SecretString,
        nonce: Nonce,
        workspace: Option<String>,
    ) -> Result<Option<KeyHash>, Error> {
        let found = marked(self.client(), workspace.as_deref()).await;
        let mut found = found.map_err(|error| Error::client(LOOKING, error))?;
        found.retain(|(of, _)| *of == nonce);
        let [(_, key)] = found.as_slice() else {
            return Ok(None);
        };
        Ok(self.opens(secret, key).await?.then(|| key.hash.clone()))
    }

    /// The plaintext that the caller chose, if the service accepts it; else the service's own.
    pub(crate) async fn working(
        &self,
        chosen: Option<&SecretString>,
        theirs: SecretString,
    ) -> Result<SecretString, Error> {
        let Some(chosen) = chosen else {
            return Ok(theirs);
        };
        if chosen.expose_secret() == theirs.expose_secret() {
            return Ok(theirs);
        }
        let works = self
            .client()
            .with_key(chosen.clone())
            .current()
            .send()
            .await;
        // Any doubt speaks for the plaintext that the service has just made.
        Ok(if works.is_ok() {
            chosen.clone()
        } else {
            theirs
        })
    }

    async fn opens(&self, secret: &SecretString, key: &Key) -> Result<bool, Error> {
        match self
            .client()
            .with_key(secret.clone())
            .current()
            .send()
            .await
        {
            Ok(theirs) => Ok(theirs.label == key.label),
            // A 429 says nothing of the key.
            Err(error)
                if !error.is_retryable()
                    && error
                        .status()
                        .is_some_and(|status| status.is_client_error()) =>
            {
                Ok(false)
            }
            Err(error) => Err(Error::client("trying a key", error).of_key(&key.hash)),
        }
    }
}
