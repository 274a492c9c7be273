//! A request body that knows whether anybody asked for it, and can be taken back before that.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Between the HTTP client, which asks for the body of a request, and whoever gives the request up. Who comes first wins,
/// and the other one can tell: a body is either sent or taken back, never both.
///
/// It is not enough to see that nobody asked yet. The HTTP client goes on by itself with a request that it holds back,
/// for want of a free stream for instance, after the one who waited for the answer is gone.
///
/// Until there is a body behind it, it is shut, and nothing is taken back.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<AtomicU8>);

const UNTOUCHED: u8 = 1;
const ASKED_FOR: u8 = 2;
const TAKEN_BACK: u8 = 3;

impl Gate {
    /// Takes the body back, if there is one and nobody has asked for it. Whether it is taken back, now or before.
    pub(crate) fn take_back(&self) -> bool {
        self.settle(TAKEN_BACK) == TAKEN_BACK
    }

    /// Asks for the body. Whether it may be had.
    fn ask(&self) -> bool {
        self.settle(ASKED_FOR) == ASKED_FOR
    }

    /// What is settled, which is this if nothing was before and there is a body.
    fn settle(&self, state: u8) -> u8 {
        let settled =
            self.0
                .compare_exchange(UNTOUCHED, state, Ordering::AcqRel, Ordering::Acquire);
        match settled {
            Ok(_) => state,
            Err(earlier) => earlier,
        }
    }
}

/// Takes the body back when it is dropped, which is when nobody waits for the answer any more.
pub(crate) struct TakesBack(pub(crate) Gate);

impl Drop for TakesBack {
    fn drop(&mut self) {
        self.0.take_back();
    }
}

/// A body behind a gate.
pub(crate) struct Watched {
    inner: reqwest::Body,
    gate: Gate,
}

impl Watched {
    pub(crate) fn new(inner: reqwest::Body, gate: Gate) -> Self {
        gate.0.store(UNTOUCHED, Ordering::Release);
        Self { inner, gate }
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if !self.gate.ask() {
            let given_up = io::Error::other("the request was given up before it was sent");
            return Poll::Ready(Some(Err(given_up.into())));
        }
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        frame.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use http_body::Body as _;

    use super::{Gate, TakesBack, Watched};

    fn is_sent(body: &mut Watched) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        match Pin::new(body).poll_frame(&mut context) {
            Poll::Ready(Some(frame)) => frame.is_ok(),
            Poll::Ready(None) => true,
            Poll::Pending => panic!("it is in memory"),
        }
    }

    #[test]
    fn a_body_is_sent_or_taken_back_and_never_both() {
        let gate = Gate::default();
        let mut body = Watched::new("canary".into(), gate.clone());
        assert!(is_sent(&mut body));
        assert!(!gate.take_back() && !gate.take_back());
        assert!(is_sent(&mut body), "what has begun goes on");

        let gate = Gate::default();
        assert!(!gate.take_back(), "there is nothing to take back");
        let mut body = Watched::new("canary".into(), gate.clone());
        drop(TakesBack(gate.clone()));
        assert!(gate.take_back());
        assert!(!is_sent(&mut body) && !is_sent(&mut body));
        assert!(gate.take_back());
    }
}
