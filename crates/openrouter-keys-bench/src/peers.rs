//! Clients of others: a folder for each, with an executable `run` in it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A client of which nothing is known but how to call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) name: String,
    run: PathBuf,
}

impl Peer {
    /// `run WORKLOAD N BASE_URL`
    pub(crate) fn command(&self, workload: &str, count: u64, base_url: &str) -> Command {
        let mut command = Command::new(&self.run);
        command.arg(workload).arg(count.to_string()).arg(base_url);
        command
    }
}

/// Where the peers of this repository are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// All peers in a folder, by name. One that is not there has none.
pub(crate) fn find(folder: &Path) -> Vec<Peer> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut peers: Vec<_> = entries
        .map(|entry| Peer {
            name: entry.file_name().to_string_lossy().into_owned(),
            run: entry.path().join("run"),
        })
        .filter(|peer| peer.run.is_file())
        .collect();
    peers.sort_by(|one, other| one.name.cmp(&other.name));
    peers
}

#[cfg(test)]
mod tests {
    use super::{find, folder};
    use std::path::Path;

    #[test]
    fn the_peer_that_shows_the_protocol_is_found() {
        let peers = find(&folder());
        let python = peers.iter().find(|peer| peer.name == "python").unwrap();
        let command = python.command("get", 7, "http://127.0.0.1:1/api/v1");
        let arguments: Vec<_> = command.get_args().collect();
        assert_eq!(arguments, ["get", "7", "http://127.0.0.1:1/api/v1"]);
        assert!(find(Path::new("nobody/lives/here")).is_empty());
    }
}
