//! The floor of what the emulator serves: files, by the HTTP stack that the emulator has, and nothing else.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as Segment, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use crate::server;

/// All files, in memory: reading them anew for each request would make the floor a slower one.
type Files = Arc<HashMap<String, Bytes>>;

/// Serves the files of a folder on loopback until the standard input ends. The first line that it prints is the base URL.
pub(crate) fn serve(folder: &Path) -> io::Result<()> {
    let files = read(folder)?;
    server::end_with_the_input();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let router = Router::new()
            .route("/{name}", get(answer))
            .with_state(Arc::new(files));
        let service = TowerToHyperService::new(router);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut stdout = io::stdout();
        writeln!(stdout, "http://{}", listener.local_addr()?)?;
        stdout.flush()?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let connection =
                http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone());
            // A client that goes away in the middle of something is no concern of the server's.
            tokio::spawn(async move { drop(connection.await) });
        }
    })
}

fn read(folder: &Path) -> io::Result<HashMap<String, Bytes>> {
    let mut files = HashMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.insert(name, fs::read(entry.path())?.into());
    }
    Ok(files)
}

async fn answer(State(files): State<Files>, Segment(name): Segment<String>) -> Response {
    let Some(file) = files.get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], file.clone()).into_response()
}
