//! Pages of other sites, which a browser lets post to this machine.

use crate::http::{send, start};

#[tokio::test]
async fn a_page_of_another_site_controls_nothing() {
    let emulator = start().await;
    let to = emulator.local_addr();
    let port = to.port();
    for (origin, status) in [
        // What the requests have as their host.
        ("http://localhost".to_owned(), 200),
        (format!("http://localhost:{port}"), 403),
        (format!("http://{to}"), 403),
        ("http://127.0.0.1:1".to_owned(), 403),
        ("https://localhost".to_owned(), 403),
        ("https://example.org".to_owned(), 403),
        ("null".to_owned(), 403),
        (String::new(), 403),
    ] {
        let header = format!("Origin: {origin}\r\n");
        for (method, path) in [("GET", "clock"), ("POST", "reset"), ("DELETE", "requests")] {
            let path = format!("/_emulator/{path}");
            let answer = send(to, method, &path, &header, "").await;
            assert_eq!(answer.status, status, "{origin} {method} {path}");
        }
    }
}
