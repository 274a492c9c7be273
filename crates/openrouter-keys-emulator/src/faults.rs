//! Faults that are armed, and the requests that they wait for.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::http::StatusCode;

use crate::lock::lock;
use crate::rate_limit::whole_seconds;
use crate::routes::Route;

/// Something that goes wrong with a request because a test wants it to.
///
/// It strikes the next request for any of the six operations, unless it is told another route
/// ([`on`](Self::on)) or how often it strikes ([`times`](Self::times), [`always`](Self::always)).
/// [`Emulator::inject`](crate::Emulator::inject) arms it. The crate's documentation has a table of
/// all faults, and tells how they are armed over HTTP.
///
/// ```
/// use std::time::Duration;
/// use openrouter_keys_emulator::{Emulator, Fault, Route};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let emulator = Emulator::start().await?;
/// let second = Duration::from_secs(1);
///
/// // The first two creates are told to come back in a second, and the answer to the third is late.
/// emulator.inject(Fault::status(503).retry_after(second).on(Route::Create).times(2));
/// emulator.inject(Fault::delay(3 * second).on(Route::Create));
///
/// // Whatever has not struck yet does not disturb the next test.
/// emulator.clear_faults();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a fault does nothing until it is injected"]
pub struct Fault {
    effect: Effect,
    retry_after: Option<u64>,
    delay: Duration,
    route: Route,
    count: Option<u64>,
}

/// What a fault makes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The ordinary answer.
    Delay,
    Status(StatusCode),
    Html(StatusCode),
    ResetBeforeResponse,
    CommitThenReset,
    CommitThenStatus(StatusCode),
    TruncateBody(usize),
    SlowBody(Duration),
}

impl Effect {
    /// What it is called in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Delay => "delay",
            Self::Status(_) => "status",
            Self::Html(_) => "html",
            Self::ResetBeforeResponse => "reset_before_response",
            Self::CommitThenReset => "commit_then_reset",
            Self::CommitThenStatus(_) => "commit_then_status",
            Self::TruncateBody(_) => "truncate_body",
            Self::SlowBody(_) => "slow_body",
        }
    }
}

impl Fault {
    /// Answers with that status and the API's error body. Nothing is carried out. A 429 has the headers of the service's own:
    /// `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset`.
    ///
    /// # Panics
    /// If the status is not from 400 to 599.
    #[track_caller]
    pub fn status(status: u16) -> Self {
        let status = failure(status).expect("the status of a fault must be from 400 to 599");
        Self::new(Effect::Status(status))
    }

    /// Answers with a page for people where JSON belongs. Nothing is carried out. A gateway that
    /// cannot reach the service behind it does that with 502, and a captive portal with 200.
    ///
    /// # Panics
    /// If the status is neither 200 nor from 400 to 599.
    #[track_caller]
    pub fn html(status: u16) -> Self {
        let status = page(status).expect("the status of a page must be 200, or from 400 to 599");
        Self::new(Effect::Html(status))
    }

    /// Carries the operation out, and answers so much later. The same as a fault with nothing
    /// but [`after`](Self::after).
    pub fn delay(delay: Duration) -> Self {
        Self::new(Effect::Delay).after(delay)
    }

    /// Reads the request, does nothing, and resets the connection (RST) without a byte of an
    /// answer.
    pub fn reset_before_response() -> Self {
        Self::new(Effect::ResetBeforeResponse)
    }

    /// Carries the operation out, and resets the connection (RST) without a byte of the answer:
    /// the key is there, and its plaintext is lost.
    pub fn commit_then_reset() -> Self {
        Self::new(Effect::CommitThenReset)
    }

    /// Carries the operation out, and answers with that status and the API's error body, as a server
    /// does that fails after the work is done: the key is there, and its plaintext is lost.
    ///
    /// # Panics
    /// If the status is not from 400 to 599.
    #[track_caller]
    pub fn commit_then_status(status: u16) -> Self {
        let status = failure(status).expect("the status of a fault must be from 400 to 599");
        Self::new(Effect::CommitThenStatus(status))
    }

    /// Carries the operation out, answers with the whole head, its `Content-Length` included, and
    /// that many bytes of the body, and closes the connection (FIN). Of a body that is no longer
    /// than that, nothing is missing.
    pub fn truncate_body(bytes: usize) -> Self {
        Self::new(Effect::TruncateBody(bytes))
    }

    /// Carries the operation out, and answers with a body that takes that long: it comes in 20
    /// pieces of the same size, the first one with the head and the last one at the end of that
    /// time. (A body of fewer bytes than that comes byte by byte.)
    pub fn slow_body(over: Duration) -> Self {
        Self::new(Effect::SlowBody(over))
    }

    /// Strikes only requests for that operation. The default is [`Route::Any`].
    pub fn on(mut self, route: Route) -> Self {
        self.route = route;
        self
    }

    /// Strikes so many requests, one after the other. The default is 1.
    ///
    /// # Panics
    /// If that is none at all.
    #[track_caller]
    pub fn times(mut self, count: u64) -> Self {
        assert!(count > 0, "a fault must strike at least once");
        self.count = Some(count);
        self
    }

    /// Strikes until the faults are cleared.
    pub fn always(mut self) -> Self {
        self.count = None;
        self
    }

    /// Waits so long before it answers or resets, counting from when the request has been read
    /// and what is carried out has been carried out.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Adds a `Retry-After` header of so many seconds; a part of a second counts as a whole one.
    ///
    /// # Panics
    /// If the fault has no status: only [`status`](Self::status), [`html`](Self::html) and
    /// [`commit_then_status`](Self::commit_then_status) have one.
    #[track_caller]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        assert!(
            matches!(
                self.effect,
                Effect::Status(_) | Effect::Html(_) | Effect::CommitThenStatus(_)
            ),
            "only a fault with a status can have a Retry-After"
        );
        self.retry_after = Some(whole_seconds(wait));
        self
    }

    fn new(effect: Effect) -> Self {
        Self {
            effect,
            retry_after: None,
            delay: Duration::ZERO,
            route: Route::Any,
            count: Some(1),
        }
    }

    pub(crate) fn effect(&self) -> Effect {
        self.effect
    }

    /// What the `Retry-After` header says, in seconds.
    pub(crate) fn wait(&self) -> Option<u64> {
        self.retry_after
    }

    pub(crate) fn lateness(&self) -> Duration {
        self.delay
    }

    pub(crate) fn route(&self) -> Route {
        self.route
    }

    /// How often it strikes, or `None` if there is no end to it.
    pub(crate) fn count(&self) -> Option<u64> {
        self.count
    }
}

/// The statuses of the service's failures, and of what stands before it.
pub(crate) fn failure(status: u16) -> Option<StatusCode> {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| status.is_client_error() || status.is_server_error())
}

/// The statuses that a page for people comes with.
pub(crate) fn page(status: u16) -> Option<StatusCode> {
    if status == 200 {
        return Some(StatusCode::OK);
    }
    failure(status)
}

/// The armed faults, shared by all connections, in the order in which they were armed.
#[derive(Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<Vec<Armed>>>);

/// A fault that can strike, and how often it has.
#[derive(Clone)]
pub(crate) struct Armed {
    pub(crate) fault: Fault,
    pub(crate) struck: u64,
}

impl Faults {
    /// The fault that strikes a request for that operation: the first one that was armed and whose route it is on.
    pub(crate) fn meet(&self, operation: Route) -> Option<Fault> {
        let mut armed = self.lock();
        let first = armed
            .iter()
            .position(|armed| armed.fault.route.covers(operation))?;
        armed[first].struck += 1;
        if armed[first].fault.count == Some(armed[first].struck) {
            return Some(armed.remove(first).fault);
        }
        Some(armed[first].fault.clone())
    }

    pub(crate) fn arm(&self, fault: Fault) {
        self.lock().push(Armed { fault, struck: 0 });
    }

    pub(crate) fn disarm(&self) {
        self.lock().clear();
    }

    /// Those that have not struck as often as they are to.
    pub(crate) fn armed(&self) -> Vec<Armed> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Armed>> {
        lock(&self.0)
    }
}
