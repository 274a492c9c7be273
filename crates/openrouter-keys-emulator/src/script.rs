//! What a test does to the emulator that it holds.

use std::io;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::budget::Budget;
use crate::clock::{Clock, OutOfRange};
use crate::credential::Digest;
use crate::faults::Fault;
use crate::fleet::Fleet;
use crate::log::LoggedRequest;
use crate::rate_limit::RateLimit;
use crate::routes::Route;
use crate::server::{Emulator, invalid};
use crate::snapshot::Snapshot;
use crate::state::{CredentialInUse, TooMany, Unspent};
use crate::usage::Spent;
use crate::usd::Usd;

/// # Faults and requests
impl Emulator {
    /// Arms a fault behind those that are armed already. A request meets the first of them that is
    /// on its route, and no other.
    pub fn inject(&self, fault: Fault) {
        self.control.faults.arm(fault);
    }

    /// Disarms all faults. Those that have struck already take their course.
    pub fn clear_faults(&self) {
        self.control.faults.disarm();
    }

    /// Answers 429 to a key's requests beyond so many in that time, as [`EmulatorBuilder::rate_limit`] does, from now on.
    ///
    /// # Panics
    /// If there are no requests or there is no time.
    ///
    /// [`EmulatorBuilder::rate_limit`]: crate::EmulatorBuilder::rate_limit
    #[track_caller]
    pub fn limit_rate(&self, requests: u64, per: Duration) {
        let limit = RateLimit::new(requests, per);
        self.control.rate.set(Some(limit));
    }

    /// Removes the rate limit.
    pub fn unlimit_rate(&self) {
        self.control.rate.set(None);
    }

    /// How many requests have come for that route since the emulator started, or since its log was cleared, those that a
    /// fault struck or that were refused included. A request counts once its head has arrived.
    #[must_use]
    pub fn requests(&self, route: Route) -> u64 {
        self.control.log.count(route)
    }

    /// The latest thousand requests for the API, the oldest first, without their secrets.
    ///
    /// ```
    /// use openrouter_keys_emulator::{Credential, Emulator, Route};
    ///
    /// # use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let emulator = Emulator::start().await?;
    ///
    /// // The code under test creates a key here, with a limit.
    /// # let mut stream = tokio::net::TcpStream::connect(emulator.local_addr()).await?;
    /// # let body = r#"{"name":"Customer 42","limit":50}"#;
    /// # let head = format!("POST /api/v1/keys HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    /// # let token = emulator.management_key();
    /// # stream.write_all(format!("{head}Authorization: Bearer {token}\r\n\r\n{body}").as_bytes()).await?;
    /// # stream.read_to_end(&mut Vec::new()).await?;
    ///
    /// let log = emulator.request_log();
    /// let create = &log[0];
    /// assert_eq!(create.route, Some(Route::Create));
    /// assert_eq!(create.credential, Credential::Management);
    /// assert_eq!(create.body.as_ref().map(|body| &body["limit"]), Some(&50.into()));
    /// assert_eq!(create.status, Some(201));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn request_log(&self) -> Vec<LoggedRequest> {
        self.control.log.requests().1
    }

    /// Forgets all requests, and counts them from zero again.
    pub fn clear_requests(&self) {
        self.control.log.clear();
    }
}

/// # Keys and money
impl Emulator {
    /// Adds the keys of a fleet, made at this moment, and returns their hashes in the order of creation.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] if there would be more than a million keys. None is added then.
    pub fn seed(&self, fleet: &Fleet) -> io::Result<Vec<String>> {
        let hashes = self.control.state.lock().seed(fleet);
        let hashes =
            hashes.map_err(|TooMany| invalid("an emulator takes no more than 1000000 keys"))?;
        Ok(hashes.iter().map(Digest::to_string).collect())
    }

    /// Spends so much, in USD, with the key of that hash: the service's credits, today.
    ///
    /// That happens whatever its limit is, and even if the key is disabled or has expired, as it does with a request that was
    /// under way then; so `limit_remaining` can come to less than zero. The key counts as used.
    ///
    /// ```
    /// use openrouter_keys_emulator::{Emulator, Fleet, LimitReset};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let emulator = Emulator::start().await?;
    /// let fleet = Fleet::of(1).limit(10.0).limit_reset(LimitReset::Daily);
    /// let hashes = emulator.seed(&fleet)?;
    ///
    /// // Two dollars more than the key may spend in a day; and then it is tomorrow.
    /// emulator.spend(&hashes[0], 12.0)?;
    /// emulator.advance(std::time::Duration::from_secs(24 * 60 * 60));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if no key has that hash, and [`io::ErrorKind::InvalidInput`] if the amount is negative or not
    /// finite, or the usage would be.
    pub fn spend(&self, hash: &str, usd: f64) -> io::Result<()> {
        self.book(hash, usd, |credits| Spent {
            credits,
            byok: Usd::ZERO,
        })
    }

    /// The same as [`spend`](Self::spend), of the customer's own provider keys (BYOK). It counts against a limit only if the
    /// key says so.
    ///
    /// # Errors
    /// Those of [`spend`](Self::spend).
    pub fn spend_byok(&self, hash: &str, usd: f64) -> io::Result<()> {
        self.book(hash, usd, |byok| Spent {
            credits: Usd::ZERO,
            byok,
        })
    }

    /// Sets a budget beside those that there are.
    pub fn add_budget(&self, budget: Budget) {
        self.control.state.lock().add_budget(budget);
    }

    /// Removes all budgets. The limits of the keys stay.
    pub fn clear_budgets(&self) {
        self.control.state.lock().clear_budgets();
    }

    fn book(&self, hash: &str, usd: f64, spent: impl FnOnce(Usd) -> Spent) -> io::Result<()> {
        let usd =
            Usd::limit(usd).ok_or_else(|| invalid("an amount must be finite and not negative"))?;
        let unknown = || io::Error::new(io::ErrorKind::NotFound, "no key has that hash");
        let hash = Digest::parse(hash).ok_or_else(unknown)?;
        match self.control.state.lock().spend(hash, spent(usd)) {
            Ok(_) => Ok(()),
            Err(Unspent::Unknown) => Err(unknown()),
            Err(Unspent::TooMuch) => Err(invalid("the usage must stay a finite number")),
        }
    }
}

/// # The clock
impl Emulator {
    /// What time it is for the emulator, in UTC.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.control.state.lock().now()
    }

    /// Moves the clock to that time, a [`SystemTime`](std::time::SystemTime) or chrono's `DateTime`, forwards or backwards. It
    /// goes on from there, unless it is frozen.
    ///
    /// # Panics
    /// If that is not between the years 1970 and 9998.
    #[track_caller]
    pub fn set_time(&self, time: impl Into<DateTime<Utc>>) {
        let time = time.into();
        self.turn(|clock| clock.set(time));
    }

    /// Moves the clock forwards.
    ///
    /// # Panics
    /// If that leads beyond the year 9998.
    #[track_caller]
    pub fn advance(&self, by: Duration) {
        self.turn(|clock| clock.advance(by));
    }

    /// Stops the clock, so that only [`set_time`](Self::set_time) and [`advance`](Self::advance) move it.
    pub fn freeze_time(&self) {
        self.turn(|clock| Ok(clock.frozen(true)));
    }

    /// Lets the clock go on from where it stands.
    pub fn unfreeze_time(&self) {
        self.turn(|clock| Ok(clock.frozen(false)));
    }

    #[track_caller]
    fn turn(&self, turn: impl FnOnce(Clock) -> Result<Clock, OutOfRange>) {
        let mut state = self.control.state.lock();
        let clock = turn(state.clock());
        let clock = clock.expect("the clock shows times between the years 1970 and 9998");
        state.set_clock(clock);
    }
}

/// # The whole state
impl Emulator {
    /// Takes down what the emulator knows now.
    ///
    /// ```
    /// use openrouter_keys_emulator::{Emulator, Fleet};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let emulator = Emulator::builder().keys(3).start().await?;
    /// let before = emulator.snapshot();
    ///
    /// emulator.seed(&Fleet::of(100))?;
    /// assert_ne!(emulator.snapshot(), before);
    ///
    /// emulator.restore(before.clone())?;
    /// assert_eq!(emulator.snapshot(), before);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.control.state.lock().snapshot()
    }

    /// Goes back to what an emulator knew when the snapshot was taken. The management key stays what it is, and so do armed
    /// faults and the log of requests.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] if a key of the snapshot has the credential of the management key. Nothing has changed
    /// then.
    pub fn restore(&self, snapshot: Snapshot) -> io::Result<()> {
        let restored = self.control.state.lock().restore(snapshot);
        restored.map_err(|CredentialInUse| {
            invalid("a key of the snapshot has the credential of the management key")
        })
    }

    /// Begins again as the [builder](crate::EmulatorBuilder) asked for, with the management key that it has: the keys that are
    /// there from the start, its rate limit, the machine's time, no budgets, no faults and an empty log. What a state file held
    /// when the emulator started is gone too.
    pub fn reset(&self) {
        self.control.reset();
    }
}
