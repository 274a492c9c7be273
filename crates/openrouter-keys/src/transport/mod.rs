//! From a validated request to a value or an [`Error`]: attempts, what each came to, and whether there is another.

mod body;
mod budget;
mod cause;
mod classify;
mod clock;
mod in_flight;
mod operation;
mod pause;
mod retry;
mod retry_after;
mod salvage;
mod scrub;
mod task;
mod trace;
mod turn;
mod unusable;

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use openrouter_keys_raw as raw;
use secrecy::SecretString;

use crate::client::Client;
use crate::error::Error;
use crate::response::Response;
use classify::{Asked, Ending};
use trace::Trace;
pub(crate) use trace::carried_over;
use turn::Turns;

pub(crate) use budget::RetryBudget;
pub use clock::Clock;
pub(crate) use clock::TokioClock;
pub(crate) use in_flight::InFlight;
pub(crate) use operation::Operation;
pub(crate) use pause::Pause;
pub use retry::RetryPolicy;
pub(crate) use salvage::created_anyway;
pub(crate) use scrub::Scrubber;
pub(crate) use task::given_up;
pub(crate) use unusable::Unusable;

/// As good as for ever, and too short to overflow a clock.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A limit that the caller set and knows as `argument`, as it is kept: at most a day.
pub(crate) fn time_limit(argument: &str, limit: Duration) -> Result<Duration, Error> {
    if limit.is_zero() {
        return Err(Error::invalid_input(argument, "must be more than zero"));
    }
    Ok(limit.min(A_DAY))
}

/// What one call may be told beyond what it asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) headers: HeaderMap,
    /// Whether anybody will look at the headers of the answer.
    pub(crate) wants_head: bool,
}

/// One call: whose it is, what it does, and what it was told.
pub(crate) struct Call<'a> {
    pub(crate) client: &'a Client,
    pub(crate) operation: Operation,
    pub(crate) options: &'a Options,
    /// A secret in the request other than the management key, which an error must not repeat either.
    pub(crate) request_secret: Option<&'a SecretString>,
}

impl Call<'_> {
    /// Sends until there is an answer, or until sending again would be useless or unsafe.
    ///
    /// `send` is called once for each attempt; `accept` turns the raw answer into what the caller asked for, and
    /// `rescue` has a last look at the body of a success that could not be read.
    pub(crate) async fn run<R, T, Sent>(
        &self,
        send: impl Fn(raw::Client) -> Sent,
        accept: impl Fn(R) -> Result<T, Unusable>,
        rescue: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Response<T>, Error>
    where
        Sent: Future<Output = Result<raw::ResponseValue<R>, raw::Error>>,
    {
        let headers = Arc::new(self.headers()?);
        let trace = Trace::new(self.client, self.operation);
        trace
            .around(self.attempts(&headers, &trace, send, accept, rescue))
            .await
    }

    async fn attempts<R, T, Sent>(
        &self,
        headers: &Arc<HeaderMap>,
        trace: &Trace,
        send: impl Fn(raw::Client) -> Sent,
        accept: impl Fn(R) -> Result<T, Unusable>,
        rescue: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Response<T>, Error>
    where
        Sent: Future<Output = Result<raw::ResponseValue<R>, raw::Error>>,
    {
        let settings = self.client.settings();
        let clock = &*settings.clock;
        let asked = Asked {
            operation: self.operation,
            host: self.client.host(),
            clock,
        };
        let policy = self.options.retry.as_ref().unwrap_or(&settings.retry);
        let mut scrubber = Cow::Borrowed(self.client.scrubber());
        if let Some(secret) = self.request_secret {
            scrubber.to_mut().add(secret);
        }
        // Nobody knows what the caller puts there. What is shorter would be found in any text.
        for value in self
            .options
            .headers
            .values()
            .filter(|value| value.len() >= 8)
        {
            if let Ok(value) = value.to_str() {
                scrubber.to_mut().add(&value.into());
            }
        }
        let timeout = self.options.timeout.unwrap_or(settings.timeout);
        let mut turns = Turns::new(self.client, timeout);
        let mut backoff = policy.backoff();
        let mut ending = Ending {
            attempts: 0,
            maybe_applied: false,
            out_of_retries: false,
        };

        loop {
            let room = match turns.next().await {
                Ok(room) => room,
                Err(failure) => {
                    trace.failed(ending.attempts, &failure, None);
                    return Err(failure.into_error(self.operation, &ending, &scrubber));
                }
            };
            ending.attempts += 1;
            let exchange = raw::Exchange::new(
                Arc::clone(headers),
                self.operation.body_limit(),
                self.operation.answers_a_secret(),
            );
            let limit = clock.timeout(settings.attempt_timeout.min(turns.time_left()));
            let result = {
                let work = pin!(send(self.client.raw(exchange.clone())));
                clock::within(limit, work).await
            };
            drop(room);
            let outcome = classify::outcome(&asked, result, exchange.take_record(), &accept);
            let outcome = outcome.or_else(|failure| failure.rescued(&rescue).ok_or(failure));
            let mut failure = match outcome {
                Ok(response) => {
                    trace.answered(ending.attempts, response.status());
                    settings.budget.deposit();
                    return Ok(response.map_headers(|headers| {
                        // What is not scrubbed does not leave this function.
                        if self.options.wants_head {
                            scrubber.headers(headers);
                        } else {
                            headers.clear();
                        }
                    }));
                }
                Err(failure) => failure,
            };

            if self.operation.answers_a_secret() {
                failure.salvage(&mut scrubber);
            }
            ending.maybe_applied |= failure.ambiguous && self.operation.is_mutation();

            let wait = retry::wait(&failure, self.operation, &mut backoff);
            if failure.is_rate_limited() {
                turns.limited(&failure, wait.unwrap_or(policy.first_backoff()));
            }
            let wait = wait.filter(|wait| turns.is_time_for(*wait));
            let wait = match wait.map(|wait| turns.before_a_retry(wait)).transpose() {
                Ok(wait) => wait,
                Err(paused) => {
                    trace.failed(ending.attempts, &failure, None);
                    return Err(paused.into_error(self.operation, &ending, &scrubber));
                }
            };
            ending.out_of_retries = wait.is_some() && !settings.budget.withdraw(clock.now());
            let wait = wait.filter(|_| !ending.out_of_retries);
            trace.failed(ending.attempts, &failure, wait);
            match wait {
                Some(wait) => clock.sleep(wait).await,
                None => return Err(failure.into_error(self.operation, &ending, &scrubber)),
            }
        }
    }

    /// What is added to the generated request. The token comes last, so that nothing can replace it.
    fn headers(&self) -> Result<HeaderMap, Error> {
        let mut headers = self.client.settings().headers.clone();
        for (name, value) in &self.options.headers {
            headers.insert(name, value.clone());
        }
        headers.insert(http::header::AUTHORIZATION, self.client.authorization()?);
        Ok(headers)
    }
}
