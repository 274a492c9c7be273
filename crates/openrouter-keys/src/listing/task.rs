//! A request that goes on by itself.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;

use crate::error::Error;
use crate::transport::{Operation, carried_over, given_up};

/// A request on a task of its own, so that it neither waits for whoever wants its answer later, nor is polled whenever one
/// of the others comes. It ends when this is dropped.
pub(super) struct Task<T>(JoinHandle<Result<T, Error>>);

impl<T: Send + 'static> Task<T> {
    /// Within the span, and with the subscriber, of whoever asks.
    pub(super) fn spawn(request: impl Future<Output = Result<T, Error>> + Send + 'static) -> Self {
        Self(tokio::spawn(carried_over(request)))
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, Error>;

    /// If the request panics, so does this.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|ended| {
            ended.unwrap_or_else(|failure| {
                Err(given_up(failure, || Error::runtime_ended(Operation::List)))
            })
        })
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
