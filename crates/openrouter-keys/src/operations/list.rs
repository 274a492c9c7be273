//! `GET /keys`.

use openrouter_keys_raw::types as raw;

use super::common::{Common, per_call_setters};
use super::mode::Async;
use super::send::sends;
use super::validate;
use crate::client::Client;
use crate::error::Error;
use crate::listing::KeyStream;
use crate::model::{Key, Page};
use crate::response::Response;
use crate::transport::Operation;

/// Lists keys, newest first: what [`Client::list`] returns.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = openrouter_keys_emulator::Emulator::builder().keys(150).start().await?;
/// # let client = openrouter_keys::Client::builder()
/// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
/// let page = client.list().include_disabled(true).send().await?;
/// assert_eq!((page.keys.len(), page.next_offset()), (100, Some(100)));
///
/// let last = client.list().include_disabled(true).offset(100).send().await?;
/// assert_eq!((last.keys.len(), last.next_offset()), (50, None));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before send(), or before a key of the stream() is asked for"]
pub struct ListKeys<M = Async> {
    common: Common<M>,
    include_disabled: Option<bool>,
    include_expired: Option<bool>,
    offset: Option<i64>,
    workspace_id: Option<String>,
}

per_call_setters!(ListKeys);

impl<M> ListKeys<M> {
    pub(crate) fn new(client: Client, mode: M) -> Self {
        Self {
            common: Common::new(client, mode),
            include_disabled: None,
            include_expired: None,
            offset: None,
            workspace_id: None,
        }
    }

    /// Whether to list disabled keys too. The service leaves them out by default.
    pub fn include_disabled(mut self, yes: bool) -> Self {
        self.include_disabled = Some(yes);
        self
    }

    /// Whether to list expired keys too. The service leaves them out by default.
    pub fn include_expired(mut self, yes: bool) -> Self {
        self.include_expired = Some(yes);
        self
    }

    /// Lists disabled and expired keys too.
    pub fn include_all(self) -> Self {
        self.include_disabled(true).include_expired(true)
    }

    /// How many keys to skip, counted from the newest.
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = self.common.valid.keep(validate::offset(offset));
        self
    }

    /// The workspace (a UUID) whose keys to list, instead of the default one.
    pub fn workspace_id(mut self, id: impl Into<String>) -> Self {
        self.workspace_id = self.common.valid.keep(validate::workspace_id(id.into()));
        self
    }
}

sends! {
    List: ListKeys -> Page;
    /// One page.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    send;
    /// One page, with the status and headers of the answer.
    send_with_response;
}

impl ListKeys<Async> {
    /// Every key that matches, exactly once, although keys come and go meanwhile. See [`KeyStream`].
    ///
    /// With an [`offset`](Self::offset) it begins there, counted from the newest key at the time of the first request.
    /// The other settings hold for each page that is asked for: it has [`timeout`](Self::timeout) and the attempts of
    /// [`retry`](Self::retry) for itself. An argument that makes no sense is the first thing that comes, as an error.
    pub fn stream(self) -> KeyStream {
        let start = self.start();
        KeyStream::new(self, start)
    }
}

impl<M> ListKeys<M> {
    /// How many keys are skipped. It came as a u64.
    fn start(&self) -> u64 {
        self.offset.map_or(0, i64::cast_unsigned)
    }

    /// The call itself, which is the same in every mode.
    pub(crate) async fn perform(self) -> Result<Response<Page>, Error> {
        let this = &self;
        let call = self.common.call(Operation::List)?;
        call.run(
            |raw| async move {
                let mut request = raw.list_keys();
                if let Some(yes) = this.include_disabled {
                    request = request.include_disabled(yes);
                }
                if let Some(yes) = this.include_expired {
                    request = request.include_expired(yes);
                }
                if let Some(offset) = this.offset {
                    request = request.offset(offset);
                }
                if let Some(id) = &this.workspace_id {
                    request = request.workspace_id(id);
                }
                request.send().await
            },
            |answer: raw::KeyPage| {
                let keys = answer.data.into_iter().map(Key::from_raw);
                Ok(Page {
                    keys: keys.collect::<Result<_, _>>()?,
                    offset: self.start(),
                })
            },
            |_| None,
        )
        .await
    }
}
