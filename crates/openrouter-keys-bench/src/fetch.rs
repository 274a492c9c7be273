//! A client that costs next to nothing, so that the server is what a measurement waits for.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::client::MANAGEMENT_KEY;

/// So many requests are under way at any time: the server always has the next one when it is done with one.
const CONNECTIONS: usize = 4;

/// No answer takes so long.
const LIMIT: Duration = Duration::from_secs(60);

/// Gets what is at these paths of a server, and hands each body on, in their order.
pub(crate) fn all(
    base_url: &str,
    paths: &[String],
    mut take: impl FnMut(&[u8]),
) -> Result<(), String> {
    let (authority, prefix) = split(base_url).ok_or("the base URL is not one of plain HTTP")?;
    let mut get = || -> io::Result<()> {
        let mut connections = Vec::new();
        for _ in paths.iter().take(CONNECTIONS) {
            connections.push(Connection::open(authority)?);
        }
        let mut body = Vec::new();
        for turn in 0..paths.len() + connections.len() {
            let place = turn % connections.len();
            let connection = &mut connections[place];
            if turn >= CONNECTIONS.min(paths.len()) {
                connection.receive(&mut body)?;
                take(&body);
            }
            if let Some(path) = paths.get(turn) {
                connection.send(authority, &format!("{prefix}{path}"))?;
            }
        }
        Ok(())
    };
    get().map_err(|error| format!("a page: {error}"))
}

/// The host and port of a URL, and the path.
fn split(base_url: &str) -> Option<(&str, &str)> {
    let rest = base_url.strip_prefix("http://")?;
    Some(rest.split_at(rest.find('/').unwrap_or(rest.len())))
}

struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(authority: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(authority)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LIMIT))?;
        Ok(Self(BufReader::with_capacity(1 << 16, stream)))
    }

    fn send(&mut self, authority: &str, path: &str) -> io::Result<()> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {MANAGEMENT_KEY}\r\n\r\n"
        );
        self.0.get_mut().write_all(request.as_bytes())
    }

    /// Reads an answer to its end.
    fn receive(&mut self, body: &mut Vec<u8>) -> io::Result<()> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        if !line.starts_with("HTTP/1.1 200 ") {
            return Err(io::Error::other(format!("answered with {}", line.trim())));
        }
        let mut length = None;
        while !line.trim().is_empty() {
            line.clear();
            self.0.read_line(&mut line)?;
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok();
            }
        }
        let length = length.ok_or_else(|| io::Error::other("it does not say its length"))?;
        body.resize(length, 0);
        self.0.read_exact(body)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use super::{all, split};

    /// Answers each request with its path, on each connection that is opened.
    fn echo() -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let base_url = format!("http://{}/pages", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut answers = stream.try_clone().unwrap();
                    for line in BufReader::new(stream).lines().map_while(Result::ok) {
                        let Some(path) = line.strip_prefix("GET ") else {
                            continue;
                        };
                        let path = path.trim_end_matches(" HTTP/1.1");
                        let length = path.len();
                        let answer =
                            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{path}");
                        answers.write_all(answer.as_bytes()).unwrap();
                    }
                });
            }
        });
        base_url
    }

    #[test]
    fn bodies_come_in_the_order_of_the_paths() {
        let base_url = echo();
        for count in [0, 1, 3, 4, 5, 23] {
            let paths: Vec<_> = (0..count).map(|page| format!("/{page}")).collect();
            let mut bodies = Vec::new();
            all(&base_url, &paths, |body| {
                bodies.push(String::from_utf8(body.to_vec()).unwrap());
            })
            .unwrap();
            let expected: Vec<_> = paths.iter().map(|path| format!("/pages{path}")).collect();
            assert_eq!(bodies, expected);
        }
    }

    #[test]
    fn a_url_has_a_host_and_a_path() {
        assert_eq!(split("http://localhost:1"), Some(("localhost:1", "")));
        assert_eq!(
            split("http://localhost:1/a/b"),
            Some(("localhost:1", "/a/b"))
        );
        assert_eq!(split("https://localhost"), None);
    }
}
