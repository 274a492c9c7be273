//! What each of the clients does, and what it must be told whatever the others do.

use std::sync::Arc;

use serde_json::{Value, json};

use super::history::{Created, Deleted, History, Listed, Marks, Span};
use crate::http::{Answer, Connection};

/// How often each client does everything.
pub(crate) const ROUNDS: u32 = 4;

/// The fields of a shared key. Each belongs to one client, which nobody else may disturb.
pub(crate) const FIELDS: [&str; 4] = ["name", "limit", "limit_reset", "include_byok_in_limit"];

/// What the owner of that field makes of it in a round: never the same twice in a row.
pub(crate) fn value(field: &str, round: u32) -> Value {
    match field {
        "name" => json!(format!("round {round}")),
        "limit" => json!(round),
        "limit_reset" => json!(["daily", "weekly", "monthly"][round as usize % 3]),
        _ => json!(round % 2 == 1),
    }
}

/// One of many, on a connection of its own.
pub(crate) struct Client {
    pub(crate) connection: Connection,
    pub(crate) management_key: String,
    pub(crate) marks: Arc<Marks>,
    pub(crate) history: History,
    /// The path of the key that it shares with others.
    pub(crate) shared: String,
    /// Its field of that key.
    pub(crate) field: &'static str,
}

impl Client {
    /// Leaves a key of its own behind, and the value of the last round in the shared one.
    pub(crate) async fn work(mut self) -> History {
        for round in 1..=ROUNDS {
            let own = self.create().await;
            let shared = self.shared.clone();
            let mine = value(self.field, round);
            let change = json!({self.field: mine}).to_string();
            let (_, updated) = self.ask("PATCH", &shared, &change).await;
            assert_eq!(updated.expect(200).body["data"][self.field], mine);
            let renamed = json!({"name": format!("own {round}"), "disabled": false}).to_string();
            let (_, updated) = self.ask("PATCH", &own, &renamed).await;
            updated.expect(200);

            let page = self.list().await;
            let (_, read) = self.ask("GET", &shared, "").await;
            let listed = find(&page, &shared);
            assert_eq!(listed[self.field], mine, "listed");
            assert_eq!(read.expect(200).body["data"][self.field], mine, "read");
            assert_eq!(find(&page, &own)["name"], format!("own {round}"));

            if round < ROUNDS {
                self.delete(&own).await;
                let (_, read) = self.ask("GET", &own, "").await;
                read.expect(404);
                self.list().await;
            }
        }
        self.history
    }

    /// Creates a key, and gives its path.
    pub(crate) async fn create(&mut self) -> String {
        let (span, answer) = self.ask("POST", "/keys", r#"{"name":"own"}"#).await;
        let answer = answer.expect(201);
        let path = answer.path();
        self.history.created.push(Created {
            span,
            path: path.clone(),
            plaintext: answer.plaintext().to_owned(),
        });
        path
    }

    async fn delete(&mut self, path: &str) {
        let (span, answer) = self.ask("DELETE", path, "").await;
        answer.expect(200);
        let path = path.to_owned();
        self.history.deleted.push(Deleted { span, path });
    }

    async fn list(&mut self) -> Answer {
        let (span, answer) = self.ask("GET", "/keys", "").await;
        let answer = answer.expect(200);
        let keys = answer.body["data"].as_array().expect("a page");
        let paths = keys.iter().map(path).collect();
        self.history.listed.push(Listed { span, paths });
        answer
    }

    async fn ask(&mut self, method: &str, path: &str, body: &str) -> (Span, Answer) {
        let token = Some(self.management_key.as_str());
        let sent = self.marks.next();
        let answer = self.connection.call(method, path, token, body).await;
        let answered = self.marks.next();
        (Span { sent, answered }, answer)
    }
}

fn path(key: &Value) -> String {
    format!("/keys/{}", key["hash"].as_str().expect("a hash"))
}

fn find<'a>(page: &'a Answer, sought: &str) -> &'a Value {
    let mut keys = page.body["data"].as_array().expect("a page").iter();
    keys.find(|key| path(key) == sought)
        .expect("the key is listed")
}
