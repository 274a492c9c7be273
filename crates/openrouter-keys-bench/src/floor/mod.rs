//! The floor: what an engineer would write by hand for these calls alone, with reqwest's defaults and serde.
//!
//! It sends what it has to, looks at the status, and decodes every field. It does nothing for the day on which something
//! goes wrong, which is what the facade's own cost is held against.

mod types;

use reqwest::{RequestBuilder, Response};
use serde::de::DeserializeOwned;

use crate::client::{MANAGEMENT_KEY, Outcome};
pub(crate) use types::ApiKey;
use types::{Created, CurrentKey, Envelope, NewKey, Update};

pub(crate) struct Floor {
    http: reqwest::Client,
    base_url: String,
}

impl Floor {
    pub(crate) fn new(base_url: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            base_url: base_url.to_owned(),
        }
    }

    pub(crate) async fn get(&self, hash: &str) -> Outcome<ApiKey> {
        let url = format!("{}/keys/{hash}", self.base_url);
        let key: Envelope<ApiKey> = answer(self.http.get(url)).await?;
        Ok(key.data)
    }

    pub(crate) async fn create(&self, name: &str, limit: f64) -> Outcome<Created> {
        let url = format!("{}/keys", self.base_url);
        answer(self.http.post(url).json(&NewKey { name, limit })).await
    }

    pub(crate) async fn update(&self, hash: &str, name: &str, disabled: bool) -> Outcome<ApiKey> {
        let url = format!("{}/keys/{hash}", self.base_url);
        let update = Update { name, disabled };
        let key: Envelope<ApiKey> = answer(self.http.patch(url).json(&update)).await?;
        Ok(key.data)
    }

    pub(crate) async fn current(&self) -> Outcome<CurrentKey> {
        let url = format!("{}/key", self.base_url);
        let key: Envelope<CurrentKey> = answer(self.http.get(url)).await?;
        Ok(key.data)
    }

    /// All keys, page by page. How many there were.
    pub(crate) async fn list(&self, mut take: impl FnMut(Vec<ApiKey>)) -> Outcome<u64> {
        let url = format!("{}/keys", self.base_url);
        let mut count = 0;
        loop {
            let query = [
                ("include_disabled", "true"),
                ("include_expired", "true"),
                ("offset", &count.to_string()),
            ];
            let page: Envelope<Vec<ApiKey>> = answer(self.http.get(&url).query(&query)).await?;
            if page.data.is_empty() {
                return Ok(count);
            }
            count += page.data.len() as u64;
            take(page.data);
        }
    }
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Outcome<T> {
    let response = request.bearer_auth(MANAGEMENT_KEY).send().await?;
    let response = response.error_for_status()?;
    Ok(Response::json(response).await?)
}
