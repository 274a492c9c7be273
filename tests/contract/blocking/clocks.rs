//! Clocks that show what the background thread does, by running on it.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use openrouter_keys::Clock;
use tokio::sync::Barrier;

use super::PATIENCE;

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Panics when it is first asked to wait.
#[derive(Debug, Default)]
pub(super) struct PanicsOnce(AtomicBool);

impl PanicsOnce {
    pub(super) const MESSAGE: &str = "a clock that panics, as the test wants it";
}

impl Clock for PanicsOnce {
    fn timeout(&self, duration: Duration) -> Sleep {
        assert!(self.0.swap(true, Ordering::SeqCst), "{}", Self::MESSAGE);
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Ends the time of an attempt when so many of them are under way at once.
#[derive(Clone, Debug)]
pub(super) struct Meeting {
    barrier: Arc<Barrier>,
    met: Arc<AtomicUsize>,
}

impl Meeting {
    pub(super) fn of(attempts: usize) -> Self {
        Self {
            barrier: Arc::new(Barrier::new(attempts)),
            met: Arc::default(),
        }
    }

    /// How many attempts met.
    pub(super) fn met(&self) -> usize {
        self.met.load(Ordering::SeqCst)
    }
}

impl Clock for Meeting {
    fn timeout(&self, _: Duration) -> Sleep {
        let Self { barrier, met } = self.clone();
        Box::pin(async move {
            if tokio::time::timeout(PATIENCE, barrier.wait()).await.is_ok() {
                met.fetch_add(1, Ordering::SeqCst);
            }
        })
    }
}

/// Its receiver is disconnected when it is gone, and each thread that it was used on too.
#[derive(Debug)]
pub(super) struct Witness(pub(super) mpsc::Sender<()>);

thread_local! {
    /// Dropped when the thread ends.
    static HERE: RefCell<Option<mpsc::Sender<()>>> = const { RefCell::new(None) };
}

impl Clock for Witness {
    fn timeout(&self, duration: Duration) -> Sleep {
        HERE.set(Some(self.0.clone()));
        Box::pin(tokio::time::sleep(duration))
    }
}
