//! How many requests of a client are under way at once.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::Clock;
use super::classify::Failure;
use crate::error::{Error, ErrorKind};

/// Room for so many requests, which all calls of a client share.
pub(crate) struct InFlight {
    most: usize,
    room: Semaphore,
}

impl InFlight {
    /// What a client comes with that says nothing else.
    pub(crate) const DEFAULT: usize = 32;

    /// Room for so many, if that makes sense.
    pub(crate) fn new(most: usize) -> Result<Self, Error> {
        if most == 0 {
            return Err(Error::invalid_input(
                "max_in_flight",
                "must be at least one request",
            ));
        }
        Ok(Self {
            most,
            room: Semaphore::new(most.min(Semaphore::MAX_PERMITS)),
        })
    }

    /// How many there may be. A run or a listing that began more would take away the time of its own calls: they would wait
    /// for each other.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// Room for one request, until the value is dropped. Those who wait get it in the order in which they came.
    pub(super) async fn enter(
        &self,
        clock: &dyn Clock,
        time_left: Duration,
    ) -> Result<SemaphorePermit<'_>, Box<Failure>> {
        // Fails as long as anybody waits, so nobody is overtaken.
        if let Ok(room) = self.room.try_acquire() {
            return Ok(room);
        }
        let mut limit = clock.timeout(time_left);
        let mut room = pin!(self.room.acquire());
        let room = poll_fn(|context| {
            // The time comes first: with none left, an attempt could only be given up, and may have been applied.
            if limit.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            room.as_mut().poll(context).map(Some)
        });
        match room.await {
            Some(room) => Ok(room.expect("nobody closes the semaphore")),
            None => Err(Box::new(Failure::not_begun(
                ErrorKind::Timeout,
                format!(
                    "not sent in time: the client had {} requests under way, as many as its max_in_flight allows",
                    self.most
                ),
                None,
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::{Pin, pin};
    use std::task::Poll;
    use std::time::Duration;

    use tokio::sync::Notify;

    use super::InFlight;
    use crate::transport::{A_DAY, Clock, TokioClock};

    /// Whose time is over when it is told so.
    #[derive(Debug, Default)]
    struct Told(std::sync::Arc<Notify>);

    impl Clock for Told {
        fn timeout(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
            let told = std::sync::Arc::clone(&self.0);
            Box::pin(async move { told.notified().await })
        }
    }

    /// An attempt without any time would be sent and given up.
    #[tokio::test]
    async fn room_that_comes_with_the_end_of_the_time_comes_too_late() {
        let (in_flight, clock) = (InFlight::new(1).unwrap(), Told::default());
        let room = in_flight.enter(&clock, A_DAY).await.ok().unwrap();
        {
            let mut waits = pin!(in_flight.enter(&clock, A_DAY));
            let polled = poll_fn(|context| Poll::Ready(waits.as_mut().poll(context)));
            assert!(polled.await.is_pending());
            clock.0.notify_one();
            drop(room);
            assert!(waits.await.is_err());
        }
        // It went to nobody.
        assert!(in_flight.enter(&clock, A_DAY).await.is_ok());
    }

    #[tokio::test]
    async fn as_many_as_there_can_be_is_no_limit() {
        let in_flight = InFlight::new(usize::MAX).unwrap();
        let _room = in_flight.enter(&TokioClock, A_DAY).await.ok().unwrap();
        assert!(in_flight.enter(&TokioClock, A_DAY).await.is_ok());
        assert!(InFlight::new(0).is_err());
    }
}
