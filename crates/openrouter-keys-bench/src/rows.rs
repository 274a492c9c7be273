//! The answers of the server, prepared once.

use chrono::{DateTime, TimeDelta, Utc};

/// How many rows the service puts on a page.
const PAGE: usize = 100;

/// An account's keys as the API writes them, newest first.
pub(crate) struct Rows {
    /// All rows, with a comma after each.
    text: String,
    /// Where each row ends, without its comma.
    ends: Vec<usize>,
}

impl Rows {
    pub(crate) fn new(count: usize) -> Self {
        let newest = DateTime::from_timestamp_micros(1_790_000_000_363_244)
            .expect("it is a time of this century");
        let mut rows = Self {
            text: String::new(),
            ends: Vec::with_capacity(count),
        };
        let mut created = newest;
        for place in 0..count {
            rows.text.push_str(&row(place, created));
            rows.ends.push(rows.text.len());
            rows.text.push(',');
            created -= TimeDelta::seconds(37);
        }
        rows
    }

    /// The body of a page.
    pub(crate) fn page(&self, offset: usize) -> Vec<u8> {
        let first = offset.min(self.ends.len());
        let last = offset.saturating_add(PAGE).min(self.ends.len());
        let end = |row: usize| self.ends[row];
        let rows = match (first, last) {
            (first, last) if first == last => "",
            (0, last) => &self.text[..end(last - 1)],
            (first, last) => &self.text[end(first - 1) + 1..end(last - 1)],
        };
        [b"{\"data\":[", rows.as_bytes(), b"]}"].concat()
    }

    /// The body of an answer about the newest key.
    pub(crate) fn one(&self) -> String {
        format!("{{\"data\":{}}}", self.newest())
    }

    /// The body of an answer to a create.
    pub(crate) fn created(&self) -> String {
        let row = self.newest();
        format!(
            "{{\"data\":{row},\"key\":\"sk-or-v1-not-a-real-key-{:040}\"}}",
            0
        )
    }

    fn newest(&self) -> &str {
        &self.text[..self.ends[0]]
    }
}

/// The hash of the row at this place.
pub(crate) fn hash(place: usize) -> String {
    format!("{place:064x}")
}

fn row(place: usize, created: DateTime<Utc>) -> String {
    let created = created.to_rfc3339();
    let hash = hash(place);
    format!(
        r#"{{"hash":"{hash}","name":"Customer {place}","label":"sk-or-v1-0e6...1c96","disabled":false,"limit":50,"limit_remaining":31.48257,"limit_reset":"monthly","include_byok_in_limit":false,"usage":118.51743,"usage_daily":0.51743,"usage_weekly":4.07125,"usage_monthly":18.51743,"byok_usage":0,"byok_usage_daily":0,"byok_usage_weekly":0,"byok_usage_monthly":0,"created_at":"{created}","updated_at":"{created}","expires_at":null,"last_used_at":"{created}","creator_user_id":"user_2dHFtVWx2n56w6HkM0000000000","workspace_id":"0df9e665-d932-5740-b2c7-b52af166bc11","external_user":null}}"#
    )
}

/// The body of an answer about the key that asks.
pub(crate) const CURRENT: &str = r#"{"data":{"label":"sk-or-v1-0e6...1c96","limit":null,"limit_remaining":null,"limit_reset":null,"include_byok_in_limit":false,"usage":118.51743,"usage_daily":0.51743,"usage_weekly":4.07125,"usage_monthly":18.51743,"byok_usage":0,"byok_usage_daily":0,"byok_usage_weekly":0,"byok_usage_monthly":0,"is_free_tier":false,"is_management_key":true,"is_provisioning_key":true,"expires_at":null,"creator_user_id":"user_2dHFtVWx2n56w6HkM0000000000","rate_limit":{"requests":-1,"interval":"10s","note":"This field is deprecated and safe to ignore."}}}"#;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{CURRENT, Rows, hash};

    fn hashes(page: &[u8]) -> Vec<Value> {
        let page: Value = serde_json::from_slice(page).unwrap();
        let rows = page["data"].as_array().unwrap();
        rows.iter().map(|row| row["hash"].clone()).collect()
    }

    #[test]
    fn a_page_has_the_rows_from_its_offset_on() {
        let rows = Rows::new(150);
        for (offset, expected) in [(0, 0..100), (50, 50..150), (99, 99..150), (149, 149..150)] {
            assert_eq!(
                hashes(&rows.page(offset)),
                expected.map(hash).collect::<Vec<_>>()
            );
        }
        assert!(hashes(&rows.page(150)).is_empty() && hashes(&rows.page(usize::MAX)).is_empty());
    }

    #[test]
    fn what_is_prepared_is_what_the_api_documents() {
        let rows = Rows::new(1);
        for text in [rows.one(), rows.created()] {
            let value: Value = serde_json::from_str(&text).unwrap();
            serde_json::from_value::<openrouter_keys::Key>(value["data"].clone()).unwrap();
        }
        let value: Value = serde_json::from_str(CURRENT).unwrap();
        serde_json::from_value::<openrouter_keys::CurrentKey>(value["data"].clone()).unwrap();
    }
}
