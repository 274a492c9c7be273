//! From a validated request to a value or an [`Error`]: attempts, what each came to, and whether there is another.

mod body;
mod classify;
mod operation;
mod retry;
mod salvage;
mod scrub;
mod unusable;

use std::borrow::Cow;
use std::time::Duration;

use http::HeaderMap;
use openrouter_keys_raw as raw;
use secrecy::SecretString;
use tokio::time::Instant;

use crate::client::Client;
use crate::error::Error;
use crate::response::Response;

pub(crate) use operation::Operation;
pub use retry::RetryPolicy;
pub(crate) use salvage::created_anyway;
pub(crate) use scrub::Scrubber;
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
        let settings = self.client.settings();
        let policy = self.options.retry.as_ref().unwrap_or(&settings.retry);
        let headers = self.headers()?;
        let mut scrubber = Cow::Borrowed(self.client.scrubber());
        if let Some(secret) = self.request_secret {
            scrubber.to_mut().add(secret);
        }
        let timeout = self.options.timeout.unwrap_or(settings.timeout);
        let deadline = Instant::now() + timeout;
        let mut backoff = policy.backoff();
        let mut attempts = 0;
        let mut maybe_applied = false;

        loop {
            attempts += 1;
            let remaining = deadline.saturating_duration_since(Instant::now());
            let exchange = raw::Exchange::new(
                headers.clone(),
                settings.attempt_timeout.min(remaining),
                self.operation.body_limit(),
            );
            let result = send(self.client.raw(exchange.clone())).await;
            let record = exchange.take_record();
            let mut failure = match classify::outcome(
                self.operation,
                self.client.host(),
                result,
                record,
                &accept,
            ) {
                Ok(response) => return Ok(response.scrubbed(|headers| scrubber.headers(headers))),
                Err(failure) => failure,
            };

            if let Some(response) = failure.rescued(&rescue) {
                return Ok(response.scrubbed(|headers| scrubber.headers(headers)));
            }
            maybe_applied |= failure.ambiguous;
            failure.maybe_applied = maybe_applied && self.operation.is_mutation();

            let wait = retry::wait(&failure, self.operation, &mut backoff);
            let time_left = deadline.saturating_duration_since(Instant::now());
            match wait {
                // An attempt that has less time than a connection may take would fail for that alone.
                Some(wait) if wait + settings.connect_timeout <= time_left => {
                    tokio::time::sleep(wait).await;
                }
                _ => return Err(failure.into_error(self.operation, attempts, scrubber)),
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
