//! Taking a lock of what all connections share.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The lock, also after a panic of somebody who had it: changes are made only after everything that can fail, so what a panic
/// leaves behind is whole, and one broken request need not take the others with it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
