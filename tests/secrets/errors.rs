//! Every failure that there is, and everything that its error has to say.

use std::time::Duration;

use openrouter_keys::{Client, Error, ErrorKind, RetryPolicy, reqwest};

use crate::calls::echo;
use crate::support::{
    Answer, HASH, PARTNER_KEY, PLAINTEXT, PROXY_PASSWORD, Scripted, TOKEN, assert_clean, builder,
    client, everything, no_waits,
};

/// What is wrong before there is an answer, or in the midst of one.
fn broken() -> Vec<Answer> {
    let echo = echo();
    let begun = format!("HTTP/1.1 201 X\r\ncontent-length: 999\r\n\r\n{{\"key\":\"{PLAINTEXT}\"");
    vec![
        Answer::nothing(),
        Answer::raw("").then_reset(),
        Answer::raw("").then_stall(),
        Answer::raw(begun.clone()).then_close(),
        Answer::raw(begun.clone()).then_reset(),
        Answer::raw(begun).then_stall(),
        // A failure that is cut off in the midst of a secret.
        Answer::raw(format!(
            "HTTP/1.1 500 X\r\ncontent-length: 999\r\n\r\n<p>{}",
            &PARTNER_KEY[..20]
        ))
        .then_close(),
        Answer::raw(format!("{echo}\r\n\r\n")).then_close(),
        Answer::raw(format!("HTTP/1.1 {echo}\r\n\r\n")).then_close(),
        Answer::raw(format!("HTTP/1.1 200 {echo}\r\n{echo}\r\n\r\n")).then_close(),
        Answer::raw(format!("HTTP/1.1 200 X\r\ncontent-length: {TOKEN}\r\n\r\n")).then_close(),
        Answer::raw(format!(
            "HTTP/1.1 200 X\r\ntransfer-encoding: {TOKEN}\r\n\r\n"
        ))
        .then_close(),
        Answer::raw(format!(
            "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n{echo}\r\n"
        ))
        .then_close(),
        Answer::raw(format!("HTTP/1.1 101 X\r\nupgrade: {TOKEN}\r\n\r\n{echo}")).then_close(),
    ]
}

/// Errors of calls that get no whole answer.
pub(crate) async fn of_connections() -> Vec<Error> {
    let mut errors = Vec::new();
    for answer in broken() {
        let server = Scripted::start([answer]).await;
        let client = builder(&server)
            .attempt_timeout(Duration::from_millis(50))
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        let create = client.create("a").external_user_with_key("u", PARTNER_KEY);
        errors.extend(create.send().await.err());
    }

    // Nobody is there, with and without a proxy.
    let nobody = {
        let server = Scripted::start([]).await;
        server.base_url()
    };
    let unreachable = no_waits(Client::builder()).base_url(&nobody).build();
    errors.extend(unreachable.unwrap().get(HASH).send().await.err());
    let proxy = format!(
        "http://user:{PROXY_PASSWORD}@{}",
        &nobody["http://".len()..]
    );
    let proxied = no_waits(Client::builder())
        .base_url(&nobody)
        .proxy(reqwest::Proxy::all(proxy).unwrap())
        .build();
    errors.extend(proxied.unwrap().list().send().await.err());

    errors.extend(of_tls().await);
    errors
}

/// The error of a handshake with a server that speaks something else, and repeats what it expects.
pub(crate) async fn of_tls() -> Option<Error> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            use tokio::io::AsyncWriteExt as _;
            let _ = stream.write_all(echo().as_bytes()).await;
        }
    });
    let client = no_waits(Client::builder())
        .base_url(format!("https://{address}/api/v1"))
        .http(reqwest::Client::builder().tls_certs_only([]))
        .build()
        .unwrap();
    let error = client.current().send().await.err();
    server.abort();
    error
}

/// What comes of settings that are secrets in the wrong place.
fn of_settings() -> Vec<Result<Client, Error>> {
    let with_key = || Client::builder().management_key(TOKEN);
    vec![
        Client::builder()
            .management_key(format!("{TOKEN}\n"))
            .build(),
        with_key().base_url(TOKEN).build(),
        with_key()
            .base_url(format!("http://{TOKEN}.example"))
            .build(),
        with_key()
            .base_url(format!("https://a.example/?{TOKEN}"))
            .build(),
        with_key()
            .base_url(format!("https://{TOKEN}@a.example/"))
            .build(),
        with_key().base_url(format!("{TOKEN}://a.example/")).build(),
        with_key().user_agent(format!("{TOKEN}\n")).build(),
        with_key().app_title(format!(" {TOKEN}")).build(),
        with_key().app_url(format!("{TOKEN}\n")).build(),
        with_key().app_categories([TOKEN, "\n"]).build(),
    ]
}

/// Errors of arguments that are secrets in the wrong place.
async fn of_arguments(client: &Client) -> Vec<Error> {
    let mut errors = Vec::new();
    errors.extend(client.get(PLAINTEXT).send().await.err());
    errors.extend(client.update(PLAINTEXT).name("a").send().await.err());
    errors.extend(
        client
            .update(HASH)
            .name("a")
            .workspace_id(TOKEN)
            .send()
            .await
            .err(),
    );
    errors.extend(client.delete(PLAINTEXT).send().await.err());
    errors.extend(client.list().workspace_id(TOKEN).send().await.err());
    errors.extend(client.list().header(TOKEN, "\n").send().await.err());
    errors.extend(
        client
            .list()
            .header(format!("{TOKEN}:"), "a")
            .send()
            .await
            .err(),
    );
    errors.extend(client.create("a").workspace_id(TOKEN).send().await.err());
    let short = &PARTNER_KEY[..31];
    let create = client.create("a").external_user_with_key("u", short);
    errors.extend(create.send().await.err());
    let malformed = client.with_key(format!("{TOKEN} "));
    errors.extend(malformed.current().send().await.err());
    errors.extend(PLAINTEXT.parse::<openrouter_keys::KeyHash>().err());
    errors
}

/// Case 70 of the catalogue.
pub(crate) async fn no_error_shows_a_secret() {
    no_error_of_an_answer().await;
    no_error_of_a_connection().await;
    no_error_of_an_argument().await;
}

async fn no_error_of_an_answer() {
    let replies = crate::calls::replies();
    let expected = replies.len();
    let server = Scripted::start(replies.into_iter().map(Answer::from)).await;
    let errors = crate::calls::play(&client(&server)).await;
    assert_eq!(server.requests().len(), expected, "each reply met its call");
    assert!(errors.len() > 500);
    for error in errors {
        assert_nothing_shows("an answer", error);
    }
}

async fn no_error_of_a_connection() {
    let errors = of_connections().await;
    assert_eq!(errors.len(), broken().len() + 3);
    for error in errors {
        assert_nothing_shows("a connection", error);
    }
}

async fn no_error_of_an_argument() {
    for built in of_settings() {
        let error = built.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_nothing_shows("a setting", error);
    }
    let server = Scripted::start([]).await;
    let errors = of_arguments(&client(&server)).await;
    assert_eq!(errors.len(), 11);
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_nothing_shows("an argument", error);
    }
}

/// No secret in whatever the error has to say, nor in what it has salvaged, as that is printed.
fn assert_nothing_shows(what: &str, error: Error) {
    assert_clean(what, &everything(&error));
    let salvaged = error.into_salvaged();
    assert_clean(what, &format!("{salvaged:?} {salvaged:#?}"));
}
