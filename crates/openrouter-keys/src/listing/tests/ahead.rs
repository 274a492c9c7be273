//! Which pages are asked for, and when.

use super::{End, Listing, Real, Step, World, service};

/// A listing of a server that answers the first of the requests, each time that the listing waits.
struct Course {
    listing: Listing<Real>,
    world: World,
    /// The offset of every request so far.
    asked: Vec<u64>,
    /// How many were under way when it was sent, with those that were sent along.
    at_once: Vec<usize>,
}

impl Course {
    fn new(rows: u32, concurrency: usize) -> Self {
        let mut course = Self {
            listing: service(concurrency, 0),
            world: World::new(rows),
            asked: Vec::new(),
            at_once: Vec::new(),
        };
        course.note();
        course
    }

    fn note(&mut self) {
        let under_way = self.listing.pager.under_way();
        for (number, offset) in self.listing.unanswered() {
            if number >= self.asked.len() {
                self.asked.push(offset);
                self.at_once.push(under_way);
            }
        }
    }

    /// Until so many rows were handed out, or to the end.
    fn run(&mut self, rows: usize) -> Option<End> {
        while self.listing.handed_out.len() < rows {
            let step = self.listing.step();
            self.note();
            match step {
                Step::Ended(end) => return Some(end),
                Step::Took => {}
                Step::Waits => {
                    let (number, offset) = self.listing.unanswered()[0];
                    self.listing.store(number, self.world.page(offset, 100));
                }
            }
        }
        None
    }

    /// All that is under way is answered.
    fn answer_all(&mut self) {
        for (number, offset) in self.listing.unanswered() {
            self.listing.store(number, self.world.page(offset, 100));
        }
    }
}

#[test]
fn where_nothing_happens_every_page_is_asked_for_once() {
    let mut course = Course::new(1000, 4);
    assert_eq!(course.run(usize::MAX), Some(End::Complete));
    let calm = (0..=10).map(|page| 98 * page);
    // The page at 980 ends at 1000. What was ahead of it was in vain, and the end is asked for by itself.
    let expected: Vec<_> = calm.chain([1078, 1176, 1274, 998]).collect();
    assert_eq!(course.asked, expected);
    assert_eq!(
        course.at_once,
        [1, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 4, 4, 4, 1]
    );
    assert_eq!(course.listing.handed_out, (0..1000).collect::<Vec<_>>());
}

/// What was asked for ahead does not fit then, and it is one page at a time again for a while.
#[test]
fn where_rows_are_removed_it_steps_back_and_goes_on_alone() {
    let mut course = Course::new(2000, 4);
    course.run(590);
    course.answer_all();
    assert_eq!(course.asked[6..], [588, 686, 784]);
    course.run(884);
    // None of these is answered.
    assert_eq!(course.asked[9..], [882, 980, 1078]);
    course.world.rows.drain(100..105);
    assert_eq!(course.run(1500), None);
    // Four were under way, so the first step is of 8 rows.
    assert_eq!(course.asked[13..17], [874, 972, 1070, 1168]);
    assert_eq!(course.asked[17..20], [1266, 1364, 1462]);
    assert_eq!(course.at_once[13..20], [1, 1, 1, 2, 2, 3, 3]);
    assert_eq!(course.listing.repeated(), 0);
}

/// The steps reach as far as pages were under way, and it finds its way forward again.
#[test]
fn far_back_is_not_too_far() {
    for removed in [1, 10, 100, 500, 900, 2100, 3000] {
        let mut course = Course::new(20_000, 32);
        // 32 pages are under way, and the server makes them after much has gone.
        course.run(7000);
        let before = course.listing.handed_out.len();
        course
            .world
            .rows
            .drain(before - 3100..before - 3100 + removed);
        assert_eq!(course.run(usize::MAX), Some(End::Complete), "{removed}");
        let came = &course.listing.handed_out;
        assert_eq!(*came, (0..20_000).collect::<Vec<_>>(), "{removed}");
    }
}
