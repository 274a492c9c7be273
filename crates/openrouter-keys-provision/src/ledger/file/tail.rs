//! Whether what is at the end of the file is an entry that was being written when the machine or the program stopped.

use super::format::{SECTOR, json_of, named_length};

/// Whether a crash explains these bytes: what is in the file after the last whole entry, up to the last byte that is not zero.
/// Where they begin with a whole line, `secret` is the length of the secret that it announces.
///
/// An entry has no zero byte, and before it was written there were only zeros. When the program stops in a write, a part from
/// the beginning is there. When the machine stops, each sector of that is there or still zeros. Whatever differs from this by
/// a byte is damage: an entry whose sectors are all there was perhaps acknowledged, and must not be cut off.
pub(super) fn is_torn(rest: &[u8], secret: Option<usize>) -> bool {
    let sectors = rest.chunks(SECTOR);
    let is_written = |sector: &&[u8]| !sector.contains(&0);
    let is_missing = |sector: &&[u8]| sector.iter().all(|byte| *byte == 0);
    if !sectors
        .clone()
        .all(|sector| is_written(&sector) || is_missing(&sector))
    {
        return false;
    }
    let missing = sectors.clone().position(|sector| is_missing(&sector));
    let there = missing.map_or(rest.len(), |index| index * SECTOR);
    // Of the first line nothing is known but what it says itself.
    let Some(line) = named_length(rest) else {
        // Its head is not there, or not all of it.
        return missing == Some(0) || (missing.is_none() && rest.len() < HEAD_ENDS);
    };
    let first = &rest[..there.min(line)];
    if first.len() < line {
        return !first.contains(&b'\n');
    }
    let Some(secret) = secret.filter(|_| json_of(first).is_some()) else {
        // All of it is there, and it is not what was written.
        return false;
    };
    there - line < secret && rest.len() <= line + secret
}

/// Before this a line has not said how long it is.
const HEAD_ENDS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::file::format::push_line;

    fn entry(json: usize, secret: usize) -> (Vec<u8>, usize) {
        let mut lines = Vec::new();
        push_line(&mut lines, &vec![b'x'; json]);
        let line = lines.len();
        if secret > 0 {
            push_line(&mut lines, &vec![b'y'; secret]);
        }
        (lines.clone(), lines.len() - line)
    }

    fn without_zeros(mut bytes: Vec<u8>) -> Vec<u8> {
        let used = bytes.iter().rposition(|byte| *byte != 0);
        bytes.truncate(used.map_or(0, |last| last + 1));
        bytes
    }

    /// Each part from the beginning, and of each part each choice of sectors.
    #[test]
    fn whatever_a_crash_leaves_is_torn() {
        for (json, secret) in [(10, 0), (600, 0), (10, 10), (1_000, 700)] {
            let (lines, secret) = entry(json, secret);
            let secret = (secret > 0).then_some(secret);
            for length in 1..lines.len() {
                let part = &lines[..length];
                let sectors = length.div_ceil(SECTOR);
                for chosen in 1..1_u32 << sectors {
                    let mut bytes = part.to_vec();
                    for sector in (0..sectors).filter(|sector| chosen >> sector & 1 == 0) {
                        let end = length.min((sector + 1) * SECTOR);
                        bytes[sector * SECTOR..end].fill(0);
                    }
                    assert!(
                        is_torn(&without_zeros(bytes), secret),
                        "{json} {length} {chosen:b}"
                    );
                }
            }
            assert!(!is_torn(&lines, secret));
        }
    }
}
