//! One attempt: what is added to the generated request, and a record of what came of it.
//!
//! The generator's own way of reading a body has no limit and throws away what arrived before a cut. So the hook
//! reads the body itself, piece by piece and under a limit, keeps what it read in the [`Record`], and hands the
//! generated code a response that is in memory already.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use http_body::{Body, Frame, SizeHint};
use progenitor_client::{ClientHooks, OperationInfo};

use crate::generated::Client;

/// The inner value of the generated client, made anew for each attempt.
///
/// A clone is the same attempt: give one to the client, and ask the other for the record afterwards.
#[derive(Clone)]
pub struct Exchange {
    headers: HeaderMap,
    timeout: Duration,
    body_limit: usize,
    record: Arc<Mutex<Record>>,
    body_polled: Arc<AtomicBool>,
}

/// What is known of an attempt after it ended.
#[derive(Default)]
pub struct Record {
    /// The head of the response, if one arrived.
    pub head: Option<Head>,
    /// As much of the body as arrived, up to the limit.
    pub body: Bytes,
    /// Why the body is not whole, if it is not.
    pub cut: Option<Cut>,
    /// Whether the HTTP client asked for the request's body. If there is one and it was not asked for, then the
    /// request cannot have been sent.
    pub body_polled: bool,
    /// Whether the request had a body.
    pub had_body: bool,
}

/// The head of a response.
#[derive(Clone)]
pub struct Head {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
}

/// Why a body is not whole.
#[derive(Debug)]
pub enum Cut {
    /// The connection was lost, or the attempt took too long.
    Lost(reqwest::Error),
    /// The body is longer than the limit.
    TooLarge,
}

impl Exchange {
    /// An attempt that adds `headers` to the request, may take `timeout` from the connection to the last byte of
    /// the body, and reads at most `body_limit` bytes of it.
    #[must_use]
    pub fn new(headers: HeaderMap, timeout: Duration, body_limit: usize) -> Self {
        Self {
            headers,
            timeout,
            body_limit,
            record: Arc::default(),
            body_polled: Arc::default(),
        }
    }

    /// What came of the attempt. A second call returns an empty record.
    #[must_use]
    pub fn take_record(&self) -> Record {
        let mut record = std::mem::take(&mut *self.lock());
        record.body_polled = self.body_polled.load(Ordering::Acquire);
        record
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Record> {
        // Nothing that can panic is done while it is held, so there is no half of a record to find.
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(
        &self,
        client: &reqwest::Client,
        mut request: reqwest::Request,
    ) -> reqwest::Result<reqwest::Response> {
        // The generator's invention; the service knows no such header.
        request.headers_mut().remove("api-version");
        for (name, value) in &self.headers {
            request.headers_mut().insert(name, value.clone());
        }
        *request.timeout_mut() = Some(self.timeout);
        let body = request.body_mut().take();
        self.lock().had_body = body.is_some();
        *request.body_mut() = body.map(|inner| {
            reqwest::Body::wrap(Watched {
                inner,
                polled: Arc::clone(&self.body_polled),
            })
        });

        let mut response = client.execute(request).await?;
        let head = Head {
            status: response.status(),
            headers: response.headers().clone(),
        };
        let (body, cut) = read(&mut response, self.body_limit).await;

        let mut in_memory = http::Response::new(body.clone());
        *in_memory.status_mut() = head.status;
        *in_memory.headers_mut() = head.headers.clone();
        let mut record = self.lock();
        record.head = Some(head);
        record.body = body;
        record.cut = cut;
        Ok(in_memory.into())
    }
}

impl ClientHooks<Exchange> for Client {
    async fn exec(
        &self,
        request: reqwest::Request,
        _: &OperationInfo,
    ) -> reqwest::Result<reqwest::Response> {
        self.inner.run(&self.client, request).await
    }
}

/// As much of the body as arrives, up to `limit` bytes.
async fn read(response: &mut reqwest::Response, limit: usize) -> (Bytes, Option<Cut>) {
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(None) => return (body.freeze(), None),
            Ok(Some(chunk)) if chunk.len() > limit - body.len() => {
                body.extend_from_slice(&chunk[..limit - body.len()]);
                return (body.freeze(), Some(Cut::TooLarge));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) => return (body.freeze(), Some(Cut::Lost(error))),
        }
    }
}

/// A request body that notes whether anybody asked for it.
struct Watched {
    inner: reqwest::Body,
    polled: Arc<AtomicBool>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.polled.store(true, Ordering::Release);
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

// Headers carry the management key, and bodies carry plaintexts: neither is printed.
impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("timeout", &self.timeout)
            .field("body_limit", &self.body_limit)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("head", &self.head)
            .field("body_bytes", &self.body.len())
            .field("cut", &self.cut)
            .field("had_body", &self.had_body)
            .field("body_polled", &self.body_polled)
            .finish()
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
