//! What a client says first of all over TLS, before it knows who is there.

use openrouter_keys::ClientBuilder;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::HASH;

/// A `ClientHello` of RFC 8446.
pub(crate) struct Hello(Vec<u8>);

impl Hello {
    /// That of the client that comes of this builder.
    pub(crate) async fn of(builder: ClientBuilder) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("https://{}/api/v1", listener.local_addr().unwrap());
        let client = builder.base_url(base_url).build().unwrap();
        let call = tokio::spawn(async move { client.get(HASH).send().await });
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut record = [0; 5];
        stream.read_exact(&mut record).await.unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([record[3], record[4]]))];
        stream.read_exact(&mut hello).await.unwrap();
        call.abort();
        Self(hello)
    }

    /// The extension `supported_versions`.
    pub(crate) fn versions(&self) -> Option<Vec<u16>> {
        let pairs = self.extension(43)?.get(1..)?.chunks_exact(2);
        Some(
            pairs
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .collect(),
        )
    }

    /// The extension `application_layer_protocol_negotiation`, of RFC 7301.
    pub(crate) fn protocols(&self) -> Option<Vec<String>> {
        let mut rest = self.extension(16)?.get(2..)?;
        let mut protocols = Vec::new();
        while let Some((length, after)) = rest.split_first() {
            let (name, after) = after.split_at_checked(usize::from(*length))?;
            protocols.push(String::from_utf8_lossy(name).into_owned());
            rest = after;
        }
        Some(protocols)
    }

    fn extension(&self, wanted: usize) -> Option<&[u8]> {
        // The kind of message, its length, the version of old, and a random number.
        let mut rest = self.0.get(1 + 3 + 2 + 32..)?;
        // Session, ciphers and compressions: each with the length of its length.
        for width in [1, 2, 1] {
            let (length, after) = rest.split_at_checked(width)?;
            rest = after.get(number(length)..)?;
        }
        let (_, mut extensions) = rest.split_at_checked(2)?;
        while let Some((head, after)) = extensions.split_at_checked(4) {
            let (value, next) = after.split_at_checked(number(&head[2..]))?;
            if number(&head[..2]) == wanted {
                return Some(value);
            }
            extensions = next;
        }
        None
    }
}

fn number(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}
