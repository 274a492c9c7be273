//! The floor of what the emulator serves: files, by the HTTP stack that the emulator has, and nothing else.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
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

/// Where the files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the disk, or rather in the system's memory of it: each request reads its file, as servers of files do.
    Disk,
    /// In the server's own memory: no file is served faster.
    Memory,
}

impl Place {
    pub(crate) const ALL: [(&'static str, Self); 2] =
        [("disk", Self::Disk), ("memory", Self::Memory)];
}

enum File {
    At(PathBuf),
    Read(Bytes),
}

type Files = HashMap<String, File>;

/// Serves the files of a folder on loopback until the standard input ends. The first line that it prints is the base URL.
pub(crate) fn serve(folder: &Path, place: Place) -> io::Result<()> {
    let files = find(folder, place)?;
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

fn find(folder: &Path, place: Place) -> io::Result<Files> {
    let mut files = HashMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let file = match place {
            Place::Disk => File::At(entry.path()),
            Place::Memory => File::Read(fs::read(entry.path())?.into()),
        };
        files.insert(name, file);
    }
    Ok(files)
}

async fn answer(State(files): State<Arc<Files>>, Segment(name): Segment<String>) -> Response {
    let bytes = match files.get(&name) {
        Some(File::At(path)) => tokio::fs::read(path).await.ok().map(Bytes::from),
        Some(File::Read(bytes)) => Some(bytes.clone()),
        None => None,
    };
    let Some(bytes) = bytes else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], bytes).into_response()
}
