//! What must be there if every request did what its answer says.

use std::collections::BTreeMap;

use openrouter_keys_emulator::{DEFAULT_WORKSPACE_ID, Emulator};
use percent_encoding::percent_decode;
use serde_json::Value;

use super::request::{MANAGEMENT_KEY, SECRET};
use crate::http::{Answer, manage, send};

#[derive(Default)]
pub(crate) struct Known {
    /// By hash.
    keys: BTreeMap<String, Value>,
    /// The plaintexts that were handed out, none of which is ever seen again.
    plaintexts: Vec<String>,
}

impl Known {
    pub(crate) fn hashes(&self) -> Vec<String> {
        self.keys.keys().cloned().collect()
    }

    /// Takes note of what the answer to those bytes says of any key.
    pub(crate) fn learn(&mut self, sent: &[u8], answer: &Answer) {
        for plaintext in &self.plaintexts {
            assert!(!answer.text.contains(plaintext), "{}", answer.text);
        }
        let data = &answer.body["data"];
        if let Some(keys) = data.as_array() {
            for key in keys {
                assert_eq!(self.keys[hash(key)], lasting(key));
            }
        } else if answer.status == 201 {
            self.plaintexts.push(answer.plaintext().to_owned());
            let before = self.keys.insert(hash(data).to_owned(), lasting(data));
            assert_eq!(before, None, "a hash was given twice");
        } else if data["hash"].is_string() {
            let key = self.keys.get_mut(hash(data)).expect("a key that is known");
            // Only an update moves it.
            if key["updated_at"] == data["updated_at"] {
                assert_eq!(*key, lasting(data));
            }
            *key = lasting(data);
        } else if answer.body["deleted"] == true {
            let sent: Vec<_> = percent_decode(sent).collect();
            let sent = String::from_utf8_lossy(&sent);
            let count = self.keys.len();
            self.keys.retain(|hash, _| !sent.contains(hash.as_str()));
            assert_eq!(self.keys.len(), count - 1, "deleted by {sent}");
        }
    }

    pub(crate) async fn check_all(&self, emulator: &Emulator) {
        let mut workspaces = vec![DEFAULT_WORKSPACE_ID];
        workspaces.extend(
            self.keys
                .values()
                .map(|key| key["workspace_id"].as_str().expect("a workspace")),
        );
        workspaces.sort_unstable();
        workspaces.dedup();
        let mut there = BTreeMap::new();
        for workspace in workspaces {
            let path = format!(
                "/keys?include_disabled=true&include_expired=true&workspace_id={workspace}"
            );
            let page = manage(emulator, "GET", &path, "").await.expect(200);
            for key in page.body["data"].as_array().expect("a page") {
                there.insert(hash(key).to_owned(), lasting(key));
            }
        }
        assert_eq!(there, self.keys);

        // Whatever the keys are like, they can be taken down and put back.
        let control = async |method, target, body| {
            send(emulator.local_addr(), method, target, "", body)
                .await
                .expect(200)
        };
        let state = control("GET", "/_emulator/state", String::new()).await;
        control("PUT", "/_emulator/state", state.text.clone()).await;
        let again = control("GET", "/_emulator/state", String::new()).await;
        assert_eq!(again.text, state.text);

        let log = control("GET", "/_emulator/requests", String::new()).await;
        let secrets = [SECRET, MANAGEMENT_KEY].into_iter();
        for secret in secrets.chain(self.plaintexts.iter().map(String::as_str)) {
            assert!(!log.text.contains(secret), "{}", log.text);
        }
    }
}

/// The key without what changes by its use: a partner's key can be a credential that is sent.
fn lasting(key: &Value) -> Value {
    let mut key = key.clone();
    key["last_used_at"].take();
    key
}

fn hash(key: &Value) -> &str {
    key["hash"].as_str().expect("a hash")
}
