//! A panic in the emulator ends no more than a connection, and garbage can end one anyway.

use std::cell::RefCell;
use std::panic;
use std::sync::Once;

thread_local! {
    static SEEN: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Watches the panics of this thread, in which the emulator runs as well. While it does they are not
/// printed, as a test that shrinks its input panics a thousand times.
pub(crate) struct Panics(());

impl Panics {
    pub(crate) fn watch() -> Self {
        static HOOK: Once = Once::new();

        HOOK.call_once(|| {
            let print = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                SEEN.with_borrow_mut(|seen| match seen {
                    Some(seen) => seen.push(info.to_string()),
                    None => print(info),
                });
            }));
        });
        SEEN.set(Some(Vec::new()));
        Self(())
    }
}

/// What the panics said that were watched so far.
pub(crate) fn seen() -> Vec<String> {
    SEEN.with_borrow(|seen| seen.clone().unwrap_or_default())
}

impl Drop for Panics {
    fn drop(&mut self) {
        SEEN.set(None);
    }
}
