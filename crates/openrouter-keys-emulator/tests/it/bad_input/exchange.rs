//! Sending it, and what every answer must be.

use openrouter_keys_emulator::Emulator;
use serde_json::Value;
use tokio::time;

use super::garbage::Garbage;
use super::known::Known;
use super::request::{MANAGEMENT_KEY, Request, SECRET};
use crate::http::{Answer, Connection};
use crate::line::PATIENCE;

/// What is sent in one go.
#[derive(Clone, Debug)]
pub(crate) enum Exchange {
    /// One request after the other, without waiting for the answers.
    Requests(Vec<Request>),
    /// On a connection of its own.
    Garbage(Garbage),
}

/// Whoever sends it.
pub(crate) struct Peer<'a> {
    emulator: &'a Emulator,
    connection: Option<Connection>,
    /// What the answers said of keys, or the hashes of those that are there anyway.
    known: Result<Known, Vec<String>>,
    pub(crate) requests: usize,
    pub(crate) answers: usize,
}

impl<'a> Peer<'a> {
    /// Keeps account of the keys.
    pub(crate) fn new(emulator: &'a Emulator) -> Self {
        Self::with(emulator, Ok(Known::default()))
    }

    /// Keeps no account of anything: keys come and go otherwise.
    pub(crate) fn careless(emulator: &'a Emulator, hashes: Vec<String>) -> Self {
        Self::with(emulator, Err(hashes))
    }

    fn with(emulator: &'a Emulator, known: Result<Known, Vec<String>>) -> Self {
        Self {
            emulator,
            connection: None,
            known,
            requests: 0,
            answers: 0,
        }
    }

    pub(crate) async fn exchange(&mut self, exchange: &Exchange) {
        let exchanged = async {
            match exchange {
                Exchange::Requests(requests) => self.ask(requests).await,
                Exchange::Garbage(garbage) => self.litter(garbage).await,
            }
        };
        time::timeout(PATIENCE, exchanged).await.expect("in time");
    }

    /// Lists everything, and compares it with what the answers said.
    pub(crate) async fn check_all(self) {
        if let Ok(known) = self.known {
            known.check_all(self.emulator).await;
        }
    }

    /// Each request has an answer, in JSON, and the connection goes on.
    async fn ask(&mut self, requests: &[Request]) {
        let hashes = self.hashes();
        let sent: Vec<_> = requests
            .iter()
            .map(|request| request.bytes(&hashes))
            .collect();
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.emulator.local_addr()).await,
        };
        connection.send(&sent.concat()).await;
        for (request, sent) in requests.iter().zip(sent) {
            let answer = connection.receive(&request.method).await;
            self.take(&sent, &answer);
        }
        self.requests += requests.len();
        self.connection = Some(connection);
    }

    /// What is no HTTP has an empty answer or none, and then the connection ends.
    async fn litter(&mut self, garbage: &Garbage) {
        let sent = garbage.bytes(&self.hashes());
        let connection = Connection::open(self.emulator.local_addr()).await;
        let received = connection.finish(&sent).await;
        let mut rest = &received[..];
        while !rest.is_empty() {
            let (answer, length) = Answer::first("", rest).expect("whole answers");
            rest = &rest[length..];
            if is_empty(answer) {
                assert_eq!(rest, b"", "something after {answer:?}");
            } else {
                self.take(&sent, &Answer::read("", answer));
            }
        }
        self.requests += 1;
    }

    fn take(&mut self, sent: &[u8], answer: &Answer) {
        self.answers += 1;
        let text = &answer.text;
        assert!(answer.status < 500, "{text}");
        assert!(!text.contains(MANAGEMENT_KEY), "{text}");
        assert!(!nameless(answer.body.clone()).contains(SECRET), "{text}");
        if answer.status >= 300 {
            assert!(!text.contains("canary"), "{text}");
        }
        if let Ok(known) = &mut self.known {
            known.learn(sent, answer);
        }
    }

    fn hashes(&self) -> Vec<String> {
        match &self.known {
            Ok(known) => known.hashes(),
            Err(hashes) => hashes.clone(),
        }
    }
}

/// The body without what keys were named by those who made them, with a secret perhaps.
fn nameless(mut body: Value) -> String {
    forget_names(&mut body);
    body.to_string()
}

fn forget_names(value: &mut Value) {
    // The last two are in states, which can be put there with any label and any prefix of names.
    let names = [
        "name",
        "creator_user_id",
        "external_user",
        "label",
        "fleets",
    ];
    match value {
        Value::Array(values) => values.iter_mut().for_each(forget_names),
        Value::Object(fields) => {
            fields.retain(|field, _| !names.contains(&field.as_str()));
            fields.values_mut().for_each(forget_names);
        }
        _ => {}
    }
}

/// Whether it is what HTTP itself answers to what it forbids.
fn is_empty(answer: &[u8]) -> bool {
    let refusals = [
        "400 Bad Request",
        "414 URI Too Long",
        "431 Request Header Fields Too Large",
    ];
    answer.ends_with(b"\r\n\r\n")
        && refusals
            .iter()
            .any(|refusal| answer[b"HTTP/1.1 ".len()..].starts_with(refusal.as_bytes()))
}
