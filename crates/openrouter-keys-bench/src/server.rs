//! The server that both clients talk to: prepared answers, so that it is never what the measurement waits for.
//!
//! The emulator would do for single calls. It keeps keys in order and makes an answer anew for each request, which is too
//! slow beside a client that reads a hundred thousand of them; and an answer that never changes makes counts of
//! instructions that hardly change either.

use std::convert::Infallible;
use std::io::{self, Read as _, Write as _};
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::rows::{CURRENT, Rows};

/// What an answer of the service carries, as a delivery network puts it there. Each client has to read all of it.
const HEADERS: [(&str, &str); 8] = [
    ("access-control-allow-origin", "*"),
    ("cf-cache-status", "DYNAMIC"),
    ("cf-ray", "0000000000000000-FRA"),
    (
        "permissions-policy",
        "payment=(self \"https://checkout.example\" \"https://connect.example\")",
    ),
    (
        "referrer-policy",
        "no-referrer, strict-origin-when-cross-origin",
    ),
    ("server", "bench"),
    ("vary", "Accept-Encoding"),
    ("x-content-type-options", "nosniff"),
];

struct Answers {
    rows: Rows,
    one: Bytes,
    created: Bytes,
    delay: Option<Duration>,
}

/// Serves `keys` rows on loopback, each answer after `delay`, until the standard input ends. The first line that it prints
/// is the base URL.
pub(crate) fn serve(keys: usize, delay: Option<Duration>) -> io::Result<()> {
    let rows = Rows::new(keys.max(1));
    let answers = Rc::new(Answers {
        one: rows.one().into(),
        created: rows.created().into(),
        rows,
        delay,
    });
    end_with_the_input();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut stdout = io::stdout();
        writeln!(stdout, "http://{}/api/v1", listener.local_addr()?)?;
        stdout.flush()?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let answers = Rc::clone(&answers);
            let service = service_fn(move |request| answer(Rc::clone(&answers), request));
            tokio::task::spawn_local(async move {
                // A client that goes away in the middle of something is no concern of the server's.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}

/// Whoever started this process closes the pipe when it ends, however it ends.
pub(crate) fn end_with_the_input() {
    std::thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
}

async fn answer(
    answers: Rc<Answers>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let _ = body.collect().await;
    if let Some(delay) = answers.delay {
        tokio::time::sleep(delay).await;
    }
    let (status, body) = match (&head.method, head.uri.path()) {
        (&Method::GET, "/api/v1/keys") => {
            let page = answers.rows.page(offset(head.uri.query()));
            (StatusCode::OK, page.into())
        }
        (&Method::POST, "/api/v1/keys") => (StatusCode::CREATED, answers.created.clone()),
        (&Method::GET | &Method::PATCH, path) if path.starts_with("/api/v1/keys/") => {
            (StatusCode::OK, answers.one.clone())
        }
        (&Method::GET, "/api/v1/key") => (StatusCode::OK, Bytes::from_static(CURRENT.as_bytes())),
        _ => (StatusCode::NOT_FOUND, Bytes::from_static(b"{}")),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    Ok(response)
}

fn offset(query: Option<&str>) -> usize {
    query
        .and_then(|query| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix("offset="))
        })
        .and_then(|offset| offset.parse().ok())
        .unwrap_or(0)
}
