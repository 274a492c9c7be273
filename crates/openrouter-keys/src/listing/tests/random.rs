//! Large listings of which much comes, goes and comes back.

use std::collections::BTreeSet;

use super::{End, World, service};

/// Xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    /// Less than `below`, or 0.
    fn number(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).map_or(0, |number| number % below.max(1))
    }
}

#[test]
fn whatever_happens_what_stays_comes_once() {
    let (mut complete, mut lost, mut requests) = (0, 0, 0);
    for seed in 1..=400_u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let rows = u32::try_from(random.number(3000)).unwrap();
        let start = [0, 0, 0, 30, 700][random.number(5)];
        let mut world = match seed % 3 {
            0 => World::new(rows),
            1 => World::made_in_batches(rows, 7),
            _ => World::made_in_batches(rows, 150),
        };
        let mut stayed: BTreeSet<_> = (start..rows).collect();
        let mut gone = Vec::new();
        let concurrency = [1, 2, 8, 32][random.number(4)];
        let mut listing = service(concurrency, start.into());
        // From calm to much more than the method stands.
        let most_events = [3, 30, 150, 600][random.number(4)];
        let end = loop {
            let unanswered = listing.unanswered();
            let (number, offset) = unanswered[random.number(unanswered.len())];
            if let Some(end) = listing.answer(number, world.page(offset, 100)) {
                break end;
            }
            // Events above the place that is read do harm.
            let near = usize::try_from(offset).unwrap().saturating_sub(150);
            let inserts = random.number(4);
            for _ in 0..random.number(most_events) {
                let within = world.rows.len();
                let place = match random.number(3) {
                    0 => random.number(within),
                    1 => (near + random.number(300)).min(within.saturating_sub(1)),
                    _ => 0,
                };
                match random.number(6) {
                    0 if inserts > 0 => world.insert(place),
                    1 if inserts > 1 => world.insert(0),
                    2 if !gone.is_empty() => {
                        world.restore(gone.swap_remove(random.number(gone.len())));
                    }
                    _ if within > 0 => {
                        let row = world.delete(place);
                        stayed.remove(&row.0);
                        gone.push(row);
                    }
                    _ => {}
                }
            }
        };
        assert_eq!(listing.repeated(), 0, "seed {seed}");
        let above = listing.handed_out.iter().filter(|id| **id < start);
        assert_eq!(above.count(), 0, "seed {seed}");
        requests += listing.requests;
        if end == End::Lost {
            lost += 1;
            continue;
        }
        complete += 1;
        let mut came = listing.handed_out;
        came.retain(|id| stayed.contains(id));
        assert_eq!(came, Vec::from_iter(stayed), "seed {seed}");
    }
    println!("{complete} complete and {lost} lost, in {requests} requests");
    assert!(complete > 200 && lost > 0, "{complete} and {lost}");
}
