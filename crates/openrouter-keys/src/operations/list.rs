//! `GET /keys`.

use openrouter_keys_raw::types as raw;

use super::common::{Common, per_call_setters};
use super::mode::Async;
use super::send::sends;
use super::validate;
#[cfg(feature = "blocking")]
use crate::blocking::{Blocking, KeyIter};
use crate::client::Client;
use crate::concurrency;
use crate::error::Error;
use crate::listing::{KeyStream, PageStream};
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
#[must_use = "nothing is sent before send(), or before a key is asked for"]
pub struct ListKeys<M = Async> {
    common: Common<M>,
    include_disabled: Option<bool>,
    include_expired: Option<bool>,
    offset: Option<i64>,
    workspace_id: Option<String>,
    workspaces: Option<Vec<String>>,
    concurrency: usize,
}

/// What is remembered of a listing grows with the pages that are under way.
const MOST_AT_ONCE: usize = 256;

per_call_setters!(ListKeys);

impl<M> ListKeys<M> {
    pub(crate) fn new(client: Client, mode: M) -> Self {
        Self {
            common: Common::new(client, mode),
            include_disabled: None,
            include_expired: None,
            offset: None,
            workspace_id: None,
            workspaces: None,
            concurrency: concurrency::DEFAULT,
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

    /// The workspaces (UUIDs) whose keys to list, one after the other in this order: for [`stream`](ListKeys::stream),
    /// [`pages`](ListKeys::pages) and [`collect_all`](ListKeys::collect_all). One that is named twice is listed once, and
    /// if none is named, nothing is.
    ///
    /// Each key says in [`workspace_id`](Key::workspace_id) which one it is in; where the service does not say it, it is
    /// the one that was asked for. A key that is moved from one to another meanwhile may come from both, or from neither.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = openrouter_keys_emulator::Emulator::start().await?;
    /// # let client = openrouter_keys::Client::builder()
    /// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
    /// # let [sales, support] = ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"];
    /// # let _ = client.create("Customer 42").workspace_id(sales).send().await?;
    /// let mut keys = client.list().include_all().workspaces([sales, support]).stream();
    /// while let Some(key) = keys.next().await {
    ///     let key = key?;
    ///     println!("{} in {}", key.name, key.workspace_id.unwrap_or_default());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn workspaces<I>(mut self, ids: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let mut workspaces: Vec<String> = Vec::new();
        for id in ids {
            if let Some(id) = self.common.valid.keep(validate::workspace_id(id.into()))
                && !workspaces
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(&id))
            {
                workspaces.push(id);
            }
        }
        self.workspaces = Some(workspaces);
        self
    }

    /// How many pages to fetch at once, at most: for [`stream`](ListKeys::stream), [`pages`](ListKeys::pages) and
    /// [`collect_all`](ListKeys::collect_all), which need memory for so many pages. It is 8 by default, at least 1, and never
    /// more than 256 or the client's [`max_in_flight`](crate::ClientBuilder::max_in_flight), which is 32 by default: more
    /// counts as that. With 1, each page is asked for when the one before it is there.
    pub fn concurrency(mut self, pages: usize) -> Self {
        let pages = self.common.valid.keep(concurrency::checked(pages));
        self.concurrency = pages.map_or(self.concurrency, |pages| pages.min(MOST_AT_ONCE));
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
        KeyStream::new(self.pages())
    }

    /// The same keys, those of a page at a time. See [`PageStream`].
    pub fn pages(self) -> PageStream {
        PageStream::new(self.into_parts())
    }

    /// The same keys, all at once: about a kilobyte of memory for each.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = openrouter_keys_emulator::Emulator::builder().keys(250).start().await?;
    /// # let client = openrouter_keys::Client::builder()
    /// #     .base_url(emulator.base_url()).management_key(emulator.management_key()).build()?;
    /// let keys = client.list().include_all().collect_all().await?;
    /// assert_eq!(keys.len(), 250);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`KeyStream`](KeyStream#errors). What came before is dropped then.
    pub async fn collect_all(self) -> Result<Vec<Key>, Error> {
        let mut pages = self.pages();
        let mut all = Vec::new();
        while let Some(keys) = pages.next().await {
            all.append(&mut keys?);
        }
        Ok(all)
    }

    /// The page at this offset.
    pub(crate) fn page(
        &self,
        offset: u64,
    ) -> impl Future<Output = Result<Page, Error>> + Send + use<> {
        let list = self.clone();
        // The first request is as the caller described it.
        let list = if offset == self.start() {
            list
        } else {
            list.offset(offset)
        };
        list.send()
    }

    /// How many 429s the client has met so far.
    pub(crate) fn rate_limits(&self) -> u64 {
        self.common.client().rate_limits()
    }

    /// What a stream has to list, one after the other.
    fn into_parts(mut self) -> Result<Listing, Error> {
        self.common.valid.check()?;
        let room = self.common.client().settings().in_flight.most();
        let concurrency = self.concurrency.min(room);
        let parts = match self.workspaces.take() {
            None => vec![self],
            Some(_) if self.workspace_id.is_some() => {
                return Err(Error::invalid_input(
                    "workspaces",
                    "must not be used with workspace_id",
                ));
            }
            Some(_) if self.offset.is_some() => {
                return Err(Error::invalid_input(
                    "workspaces",
                    "must not be used with offset, which would be one in each",
                ));
            }
            Some(ids) => {
                let part = |id| Self {
                    workspace_id: Some(id),
                    ..self.clone()
                };
                ids.into_iter().map(part).collect()
            }
        };
        Ok(Listing { parts, concurrency })
    }
}

/// Listing all keys in a program that waits for each page, for [`blocking::Client`](crate::blocking::Client) (feature
/// `blocking`).
#[cfg(feature = "blocking")]
impl ListKeys<Blocking> {
    /// Every key that matches, exactly once, although keys come and go meanwhile: about a kilobyte of memory for each.
    /// To have them one by one, go over the builder: see [`KeyIter`].
    ///
    /// # Errors
    /// Those of [`KeyStream`](KeyStream#errors). What came before is dropped then.
    pub fn collect_all(self) -> Result<Vec<Key>, Error> {
        let mode = self.common.mode.clone();
        mode.wait(Operation::List, self.into_async().collect_all())
    }

    fn into_async(self) -> ListKeys<Async> {
        ListKeys {
            common: self.common.into_async(),
            include_disabled: self.include_disabled,
            include_expired: self.include_expired,
            offset: self.offset,
            workspace_id: self.workspace_id,
            workspaces: self.workspaces,
            concurrency: self.concurrency,
        }
    }
}

/// Every key that matches: see [`KeyIter`].
#[cfg(feature = "blocking")]
impl IntoIterator for ListKeys<Blocking> {
    type Item = Result<Key, Error>;
    type IntoIter = KeyIter;

    fn into_iter(self) -> KeyIter {
        let mode = self.common.mode.clone();
        KeyIter::new(mode, self.into_async().pages())
    }
}

/// What a stream has to list.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// One after the other.
    pub(crate) parts: Vec<ListKeys>,
    /// How many pages may be under way at once.
    pub(crate) concurrency: usize,
}

impl<M> ListKeys<M> {
    /// How many keys are skipped. It came as a u64.
    pub(crate) fn start(&self) -> u64 {
        self.offset.map_or(0, i64::cast_unsigned)
    }

    /// The workspace that was asked for.
    pub(crate) fn workspace(&self) -> Option<&str> {
        self.workspace_id.as_deref()
    }

    /// The call itself, which is the same in every mode.
    pub(crate) async fn perform(self) -> Result<Response<Page>, Error> {
        let this = &self;
        let call = self.common.call(Operation::List)?;
        if self.workspaces.is_some() {
            return Err(Error::invalid_input(
                "workspaces",
                "must be listed by stream(), pages() or collect_all(): a page is one workspace's",
            ));
        }
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
