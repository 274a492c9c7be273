//! One attempt: what is added to the generated request, and a record of what came of it.
//!
//! The generator's own way of reading a body has no limit and throws away what arrived before a cut. So the hook
//! reads the body itself, piece by piece and under a limit, and keeps what it read in the [`Record`]. A value is decoded
//! from there. Of a failure, the generated code gets a response that is in memory already.
//!
//! The record grows while the attempt runs. Whoever loses patience drops the attempt's future, and finds in the record
//! what had arrived by then.

use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body::{Body as _, Frame};
use progenitor_client::{ClientHooks, OperationInfo};
use reqwest::Url;
use serde::de::DeserializeOwned;

use crate::buffer::Buffer;
use crate::generated::{Client, Error, ResponseValue};
use crate::watched::{Gate, TakesBack, Watched};

/// The most that is made room for by a server's word. A page of keys is about half of it.
const MOST_BELIEVED: usize = 128 << 10;

/// The inner value of the generated client, made anew for each attempt.
///
/// A clone is the same attempt: give one to the client, and ask the other for the record afterwards.
#[derive(Clone)]
pub struct Exchange {
    headers: Arc<HeaderMap>,
    base: Option<Arc<Url>>,
    body_limit: usize,
    is_secret: bool,
    progress: Arc<Mutex<Progress>>,
    gate: Gate,
}

/// The record of an attempt that is under way.
struct Progress {
    head: Option<Head>,
    body: Buffer,
    /// The body, once it is read.
    whole: Option<Bytes>,
    cut: Option<Cut>,
}

/// What is known of an attempt after it ended, or was given up.
#[derive(Default)]
pub struct Record {
    /// The head of the response, if one arrived.
    pub head: Option<Head>,
    /// As much of the body as arrived, up to the limit.
    pub body: Bytes,
    /// Why the body is not whole, if it is not. `None` as well where the attempt was given up.
    pub cut: Option<Cut>,
    /// The request had a body, nobody had asked for it when the attempt ended, and nobody gets it any more: so the
    /// request cannot have been sent, nor will it be.
    pub taken_back: bool,
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
    /// The connection was lost.
    Lost(reqwest::Error),
    /// The body is longer than the limit.
    TooLarge,
}

impl Exchange {
    /// An attempt that adds `headers` to the request, and reads at most `body_limit` bytes of the answer's body. Where
    /// that `is_secret`, or the request is, what is kept of their bodies is overwritten when nobody needs it any more.
    #[must_use]
    pub fn new(headers: impl Into<Arc<HeaderMap>>, body_limit: usize, is_secret: bool) -> Self {
        Self {
            headers: headers.into(),
            base: None,
            body_limit,
            is_secret,
            progress: Arc::new(Mutex::new(Progress {
                head: None,
                body: Buffer::new(is_secret),
                whole: None,
                cut: None,
            })),
            gate: Gate::default(),
        }
    }

    /// The same attempt, by a client whose base URL this is.
    #[must_use]
    pub fn at(self, base: Arc<Url>) -> Self {
        Self {
            base: Some(base),
            ..self
        }
    }

    /// What came of the attempt. A second call returns an empty record.
    #[must_use]
    pub fn take_record(&self) -> Record {
        let mut progress = self.lock();
        let whole = progress.whole.take();
        Record {
            head: progress.head.take(),
            body: whole.unwrap_or_else(|| progress.body.freeze()),
            cut: progress.cut.take(),
            taken_back: self.gate.take_back(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Progress> {
        // Nothing that can panic is done while it is held, so there is no half of a record to find.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(
        &self,
        client: &reqwest::Client,
        mut request: reqwest::Request,
    ) -> reqwest::Result<reqwest::Response> {
        for (name, value) in &*self.headers {
            request.headers_mut().insert(name, value.clone());
        }
        // Nobody asks for an empty body, so it says nothing of what was sent.
        let body = request.body_mut().take();
        if let Some(body) = body.filter(|body| body.as_bytes() != Some(&[])) {
            let body = if self.is_secret {
                overwritten(body).await
            } else {
                body
            };
            let watched = Watched::new(body, self.gate.clone());
            *request.body_mut() = Some(reqwest::Body::wrap(watched));
        }
        let _given_up = TakesBack(self.gate.clone());

        let mut response = client.execute(request).await?;
        let status = response.status();
        // A map is much to copy for each answer. Of a success, the record has the only one.
        let headers = if status.is_success() {
            mem::take(response.headers_mut())
        } else {
            response.headers().clone()
        };
        self.lock().head = Some(Head { status, headers });
        self.read(&mut response).await;

        let mut progress = self.lock();
        let body = progress.body.freeze();
        progress.whole = Some(body.clone());
        if status.is_success() {
            return Ok(response);
        }
        let mut in_memory = http::Response::new(body);
        *in_memory.status_mut() = status;
        *in_memory.headers_mut() = mem::take(response.headers_mut());
        Ok(in_memory.into())
    }

    /// Where a call goes. Most of what a URL costs to read is its host, which is the same in every call of a client.
    pub(crate) fn url(&self, base: &str, path: &str) -> Result<Url, String> {
        if let Some(base) = &self.base {
            let mut url = Url::clone(base);
            url.set_path(&[base.path().trim_end_matches('/'), path].concat());
            return Ok(url);
        }
        Url::parse(&[base, path].concat()).map_err(|error| error.to_string())
    }

    /// What the body of a success says. Its bytes are in the record, and so are its headers.
    #[allow(
        clippy::result_large_err,
        reason = "the error is the generated client's"
    )]
    pub(crate) fn value<T: DeserializeOwned>(
        &self,
        status: StatusCode,
    ) -> Result<ResponseValue<T>, Error> {
        let body = self.lock().whole.clone().unwrap_or_default();
        // To look once whether all of it is UTF-8 costs less than to look at each text in it.
        let value = match str::from_utf8(&body) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(&body),
        };
        match value {
            Ok(value) => Ok(ResponseValue::new(value, status, HeaderMap::new())),
            Err(error) => Err(Error::InvalidResponsePayload(body, error)),
        }
    }

    /// As much of the body as arrives, up to the limit.
    async fn read(&self, response: &mut reqwest::Response) {
        if let Some(length) = response.content_length() {
            let believed = usize::try_from(length).unwrap_or(usize::MAX);
            let believed = believed.min(MOST_BELIEVED).min(self.body_limit);
            self.lock().body.expect(believed);
        }
        loop {
            let next = response.chunk().await;
            let mut progress = self.lock();
            let room = self.body_limit - progress.body.len();
            match next {
                Ok(None) => return,
                Ok(Some(chunk)) if chunk.len() > room => {
                    progress.body.extend(chunk.slice(..room));
                    progress.cut = Some(Cut::TooLarge);
                    return;
                }
                Ok(Some(chunk)) => progress.body.extend(chunk),
                Err(error) => {
                    progress.cut = Some(Cut::Lost(error));
                    return;
                }
            }
        }
    }
}

/// The same body, in memory that is overwritten when the HTTP client has let go of it.
async fn overwritten(mut body: reqwest::Body) -> reqwest::Body {
    // What the generated code sends is in memory, as a whole.
    if body.as_bytes().is_none() {
        return body;
    }
    let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
    match frame.and_then(Result::ok).map(Frame::into_data) {
        Some(Ok(bytes)) => Buffer::secret(bytes).freeze().into(),
        _ => body,
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

// Headers carry the management key, and bodies carry plaintexts: neither is printed.
impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
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
            .field("taken_back", &self.taken_back)
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
