//! What the protocol stands on.

/// A thing that the protocol does so that something cannot go wrong.
///
/// The simulation takes each of them out, one at a time, and has to find what goes wrong then. Outside of tests all of them
/// hold, and the compiler knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// After a create whose answer was lost, what it may have made is looked for before another one is sent.
    LookBeforeRetry,
    /// Each attempt has a nonce of its own.
    NoncePerAttempt,
    /// The nonce is durable before the create leaves.
    NoteBeforeCreate,
    /// The hash and the plaintext are durable before the key loses its marker.
    SealBeforeRename,
    /// An attempt is abandoned, durably, before anything that it made is removed.
    FenceBeforeRemoval,
    /// The same of a sweep, which may meet an attempt whose process stands still.
    FenceBeforeSweeping,
    /// What was used is not removed.
    LookAtUsage,
    /// The sealed key is not a leftover, although it may have a marker.
    SpareTheSealed,
    /// In strict mode, what a lost create can still make is waited for.
    WaitWhenStrict,
    /// The old key is disabled only when the sink has acknowledged the new one.
    AcknowledgeBeforeDisable,
    /// The old key is disabled only when the new one has been seen to work.
    VerifyBeforeDisable,
    /// The old key works again before the new one is removed.
    EnableBeforeRemoval,
    /// The new key is removed only when no request can disable the old one any more.
    WaitWhenRollingBack,
}

/// Which guards hold: all of them.
#[cfg(not(test))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guards;

#[cfg(not(test))]
impl Guards {
    pub(crate) const ALL: Self = Self;

    #[expect(
        clippy::unused_self,
        reason = "in tests it tells which guard was taken out"
    )]
    pub(crate) const fn hold(self, _: Guard) -> bool {
        true
    }
}

/// Which guards hold: all of them but one.
#[cfg(test)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guards {
    pub(crate) without: Option<Guard>,
}

#[cfg(test)]
impl Guards {
    pub(crate) const ALL: Self = Self { without: None };

    pub(crate) fn hold(self, guard: Guard) -> bool {
        self.without != Some(guard)
    }
}
