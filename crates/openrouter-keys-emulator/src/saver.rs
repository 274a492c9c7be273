//! Keeps the state file up to date.

use std::io;
use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio::task::{self, JoinHandle};

use crate::server::copied;
use crate::state::Shared;
use crate::state_file::{StateFile, Stored};

/// Writes the state to its file whenever it has changed, and tells who waits for that. Changes that come while the file is
/// written are written together.
#[derive(Clone)]
pub(crate) struct Saver {
    changes: watch::Receiver<u64>,
    progress: watch::Receiver<Progress>,
    /// Asks for another attempt where the last one has failed.
    again: Arc<Notify>,
    file: StateFile,
}

/// What has come of the attempts so far.
#[derive(Clone, Default)]
struct Progress {
    attempts: u64,
    /// The version of the state that the latest attempt was about.
    tried: u64,
    failed: Option<Arc<io::Error>>,
}

impl Saver {
    /// Writes the state for the first time, so that a file that cannot be written is found out at the start.
    ///
    /// # Errors
    /// Those of [`StateFile::write`].
    pub(crate) async fn start(
        state: Shared,
        file: StateFile,
        management_key: Option<String>,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let mut changes = state.lock().changes();
        let mut progress = Progress::default();
        progress
            .attempt(&state, &file, management_key.as_ref())
            .await;
        if let Some(error) = &progress.failed {
            return Err(copied(error));
        }
        let (sender, receiver) = watch::channel(progress.clone());
        let again = Arc::new(Notify::new());
        let saver = Self {
            changes: changes.clone(),
            progress: receiver,
            again: again.clone(),
            file: file.clone(),
        };
        let task = tokio::spawn(async move {
            loop {
                let is_over = tokio::select! {
                    news = changes.wait_for(|version| *version > progress.tried) => news.is_err(),
                    () = again.notified() => false,
                };
                if is_over {
                    return;
                }
                progress
                    .attempt(&state, &file, management_key.as_ref())
                    .await;
                sender.send_replace(progress.clone());
            }
        });
        Ok((saver, task))
    }

    /// Leaves the file as it is from now on.
    pub(crate) fn close(&self) {
        self.file.close();
    }

    /// Waits until everything that has changed so far is in the file.
    ///
    /// # Errors
    /// Why it is not.
    pub(crate) async fn saved(&self) -> Result<(), Arc<io::Error>> {
        let version = *self.changes.borrow();
        let mut progress = self.progress.clone();
        let before = progress.borrow().attempts;
        if progress.borrow().failed.is_some() {
            self.again.notify_one();
        }
        let progress = progress.wait_for(|progress| {
            let is_tried = progress.tried >= version;
            is_tried && (progress.failed.is_none() || progress.attempts > before)
        });
        match progress.await {
            Ok(progress) => progress.failed.clone().map_or(Ok(()), Err),
            Err(_) => Err(Arc::new(io::Error::other("the emulator has ended"))),
        }
    }
}

impl Progress {
    async fn attempt(&mut self, state: &Shared, file: &StateFile, management_key: Option<&String>) {
        let (version, snapshot) = {
            let state = state.lock();
            (state.version(), state.snapshot())
        };
        let stored = Stored {
            management_key: management_key.cloned(),
            state: snapshot,
        };
        let file = file.clone();
        let written = task::spawn_blocking(move || file.write(&stored)).await;
        let written = written.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        self.attempts += 1;
        self.tried = version;
        self.failed = written.err().map(Arc::new);
    }
}
