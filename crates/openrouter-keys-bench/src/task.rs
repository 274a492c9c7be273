//! What a client is asked to do, by the words that a peer is asked with too.

/// Whoever is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Ours,
    Floor,
}

/// The work of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Asks for one key, N times, one after the other.
    Get,
    /// Creates a key with a limit, N times.
    Create,
    /// Renames a key and disables it, N times.
    Update,
    /// Asks for one key, N times, 64 at a time.
    Get64,
    /// Lists all N keys and counts them.
    List,
    /// The same, where the client can fetch up to 32 pages at once.
    List32,
    /// Lists all N keys, and keeps them until the end.
    ListCollected,
    /// Makes one client, and asks for the key that it uses.
    Start,
}

impl Who {
    pub(crate) const ALL: [(&'static str, Self); 2] =
        [("ours", Self::Ours), ("floor", Self::Floor)];
}

impl Task {
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("get", Self::Get),
        ("create", Self::Create),
        ("update", Self::Update),
        ("get-64", Self::Get64),
        ("list", Self::List),
        ("list-32", Self::List32),
        ("list-collected", Self::ListCollected),
        ("start", Self::Start),
    ];
}

/// What has this name in such a table.
pub(crate) fn named<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    let found = table.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value)
}

/// The name of a value in such a table.
pub(crate) fn name_of<T: Copy + PartialEq>(table: &[(&'static str, T)], value: T) -> &'static str {
    let found = table.iter().find(|(_, known)| *known == value);
    found.map_or("", |(name, _)| name)
}
