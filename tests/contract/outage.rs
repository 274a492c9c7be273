//! The service is down, and everybody calls.

use std::pin::Pin;
use std::time::{Duration, Instant};

use openrouter_keys::{Client, Clock, RetryPolicy};

use crate::support::{Answer, Scripted, TOKEN, Verb, error};

/// Time stands still, so that none of the reserve comes back by itself.
#[derive(Debug)]
struct Standing(Instant);

impl Clock for Standing {
    fn now(&self) -> Instant {
        self.0
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::task::yield_now())
    }
}

fn client(server: &Scripted, policy: RetryPolicy) -> Client {
    Client::builder()
        .base_url(server.base_url())
        .management_key(TOKEN)
        .clock(Standing(Instant::now()))
        .retry(policy)
        .build()
        .unwrap()
}

/// So many calls at once, by clones and by siblings with another key. How many of them failed.
async fn calls(client: &Client, count: usize) -> usize {
    let running: Vec<_> = (0..count)
        .map(|number| {
            let client = if number % 2 == 0 {
                client.clone()
            } else {
                client.with_key(TOKEN)
            };
            let verb = Verb::ALL[number % Verb::ALL.len()];
            tokio::spawn(async move { verb.call(&client).await.map(drop) })
        })
        .collect();
    let mut failed = 0;
    for call in running {
        if let Err(error) = call.await.unwrap() {
            let is_spent = error.to_string().contains("used up its budget");
            assert!(
                is_spent || error.attempts() == 3 || error.maybe_applied(),
                "{error}"
            );
            failed += 1;
        }
    }
    failed
}

/// Two hundred calls of three attempts each would be six hundred requests. They are two hundred and the reserve.
#[tokio::test]
async fn an_outage_does_not_multiply_what_is_sent() {
    for answer in [error(500, "down"), error(429, "busy"), Answer::nothing()] {
        for (policy, reserve) in [
            (RetryPolicy::default(), 20),
            (RetryPolicy::default().attempts(100).budget(50), 50),
            (RetryPolicy::default().budget(0), 0),
        ] {
            let server = Scripted::start(vec![answer.clone(); 1000]).await;
            let client = client(&server, policy);
            assert_eq!(calls(&client, 200).await, 200);
            assert_eq!(server.requests().len(), 200 + reserve);
            // The next two hundred have nothing left.
            assert_eq!(calls(&client, 200).await, 200);
            assert_eq!(server.requests().len(), 400 + reserve);
        }
    }
}

/// Ten calls that succeed are worth a retry.
#[tokio::test]
async fn the_reserve_comes_back_with_success() {
    let mut script = vec![error(500, "down")];
    script.extend(vec![Verb::Current.good_answer(); 10]);
    script.extend(vec![error(500, "down"); 3]);
    let server = Scripted::start(script).await;
    let client = client(&server, RetryPolicy::default().budget(1));
    // The only retry is used up.
    Verb::Current.call(&client).await.unwrap();
    for _ in 0..9 {
        Verb::Current.call(&client).await.unwrap();
    }
    assert_eq!(server.requests().len(), 11);
    let error = Verb::Current.call(&client).await.map(drop).unwrap_err();
    assert_eq!(error.attempts(), 2, "{error}");
    assert_eq!(
        error.to_string(),
        "get current key: 500 Internal Server Error: down (2 attempts; no retry: the client has used up its budget)"
    );
}
