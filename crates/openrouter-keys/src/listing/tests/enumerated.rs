//! Every course that a small listing can take.

use super::super::ahead::Ahead;
use super::super::scan::{Paging, Verdict};
use super::{End, Id, Listing, Pager, Real, Request, Row, World};
use crate::concurrency::Concurrency;

#[derive(Debug, Default)]
struct Count {
    behaviours: usize,
    /// Behaviours with a row that was there throughout and was not handed out.
    missed: usize,
    /// Behaviours with a row that was handed out twice.
    repeated: usize,
    lost: usize,
    most_requests: usize,
}

/// What may happen from here on.
#[derive(Clone, Copy, Debug)]
struct Events {
    /// How many rows there are at first, at the most.
    keys: u32,
    /// How many rows the server puts on a page.
    page: usize,
    /// How many rows come or go in the whole listing.
    most: usize,
    /// Whether they appear anywhere, or at the top alone.
    anywhere: bool,
}

/// Listings of up to eight rows by such a pager, with so many pages under way and all that can happen.
fn count<P: Pager>(
    pager: &P,
    concurrency: usize,
    events: Events,
    world: fn(u32) -> World,
) -> Count {
    let mut count = Count::default();
    for keys in 0..=events.keys {
        let listing = Listing::new(pager.clone(), concurrency);
        let mut all = All { keys, count };
        all.answer(&listing, &world(keys), events, 0);
        count = all.count;
    }
    count
}

struct All {
    /// How many rows there are at first. They have the first numbers.
    keys: u32,
    count: Count,
}

impl All {
    /// Every request under way may be the next that the server answers. Between two answers between which nothing happens,
    /// their order makes no difference: those are answered in the order of their numbers, `from` this one on.
    fn answer<P: Pager>(
        &mut self,
        listing: &Listing<P>,
        world: &World,
        events: Events,
        from: usize,
    ) {
        for (number, offset) in listing.clone().unanswered() {
            if number < from {
                continue;
            }
            let mut listing = listing.clone();
            match listing.answer(number, world.page(offset, events.page)) {
                None => {
                    self.answer(&listing, world, events, number + 1);
                    self.pause(&listing, world, events, 0);
                }
                Some(end) => self.judge(&listing, world, end),
            }
        }
    }

    /// Every set of events before the next answer, each told from the top down so that it comes up once.
    fn pause<P: Pager>(
        &mut self,
        listing: &Listing<P>,
        world: &World,
        events: Events,
        from: usize,
    ) {
        if events.most == 0 {
            return;
        }
        let left = Events {
            most: events.most - 1,
            ..events
        };
        let mut go_on = |world: World, from| {
            self.answer(listing, &world, left, 0);
            self.pause(listing, &world, left, from);
        };
        for place in from..=world.rows.len() {
            if place < world.rows.len() {
                let mut world = world.clone();
                world.delete(place);
                go_on(world, place);
            }
            if place == 0 || events.anywhere {
                let mut world = world.clone();
                world.insert(place);
                go_on(world, place + 1);
            }
        }
    }

    fn judge<P: Pager>(&mut self, listing: &Listing<P>, world: &World, end: End) {
        let count = &mut self.count;
        count.behaviours += 1;
        count.most_requests = count.most_requests.max(listing.requests);
        count.repeated += usize::from(listing.repeated() > 0);
        if end == End::Lost {
            count.lost += 1;
            return;
        }
        let is_first = |id: &Id| *id < self.keys;
        let stayed = || world.rows.iter().map(|row| row.0).filter(is_first);
        let stays = |id: &Id| stayed().any(|other| other == *id);
        count.missed += usize::from(stayed().any(|id| !listing.handed_out.contains(&id)));
        if count.missed + count.repeated == 0 {
            let came = listing.handed_out.iter().copied().filter(stays);
            assert!(came.eq(stayed()), "the newest first");
        }
    }
}

/// New keys alone appear, as everywhere but in accounts with disabled keys or workspaces.
const AT_THE_TOP: Events = Events {
    keys: 8,
    page: 3,
    most: 3,
    anywhere: false,
};

const ANYWHERE: Events = Events {
    anywhere: true,
    ..AT_THE_TOP
};

const TWO_ANYWHERE: Events = Events {
    most: 2,
    ..ANYWHERE
};

/// Big enough that a short page can be worth another look.
const LARGER_PAGES: Events = Events {
    page: 5,
    ..ANYWHERE
};

/// A listing, and what happens to it.
struct Course {
    events: Events,
    overlap: u32,
    remembered: u64,
    concurrency: usize,
}

impl Course {
    fn pager(&self) -> Real {
        let paging = Paging {
            page_size: self.events.page,
            overlap: self.overlap,
            remembered: self.remembered,
            alone: 0,
            ..Paging::service(1)
        };
        // As many at once as there may be, from the beginning: what happens until there are so many is part of it.
        Ahead::new(paging, 0, Concurrency::from_one(self.concurrency, 0))
    }

    fn count(&self, world: fn(u32) -> World) -> Count {
        let count = count(&self.pager(), self.concurrency, self.events, world);
        let Self {
            events,
            overlap,
            remembered,
            concurrency,
        } = self;
        println!(
            "{events:?}, overlap {overlap}, remembered {remembered}, {concurrency} at once: {count:?}"
        );
        assert_eq!((count.missed, count.repeated), (0, 0), "{count:?}");
        // Eleven rows at most, of which a page brings one at least, some steps back, and what was asked for in vain.
        let most = 20 + 4 * (concurrency - 1);
        assert!(count.most_requests <= most, "{count:?}");
        count
    }
}

/// What was counted of courses of which none misses or repeats a row.
fn sum(courses: &[Course]) -> (usize, usize) {
    let (mut behaviours, mut lost) = (0, 0);
    for course in courses {
        let mut worlds: Vec<fn(u32) -> World> = vec![World::new];
        if course.remembered == 1 {
            // What can be forgotten depends on the times.
            worlds.push(World::of_one_instant);
        }
        for world in worlds {
            let count = course.count(world);
            behaviours += count.behaviours;
            lost += count.lost;
        }
    }
    (behaviours, lost)
}

/// One page at a time.
const ALONE: [Course; 6] = {
    const fn course(events: Events, overlap: u32, remembered: u64) -> Course {
        Course {
            events,
            overlap,
            remembered,
            concurrency: 1,
        }
    }
    [
        course(AT_THE_TOP, 2, 5),
        course(ANYWHERE, 2, 5),
        course(LARGER_PAGES, 2, 5),
        // The shortest memory that there can be.
        course(AT_THE_TOP, 2, 1),
        course(ANYWHERE, 1, 1),
        course(LARGER_PAGES, 1, 1),
    ]
};

/// Several, answered in any order.
const AHEAD: [Course; 7] = {
    const fn course(events: Events, overlap: u32, remembered: u64, concurrency: usize) -> Course {
        Course {
            events,
            overlap,
            remembered,
            concurrency,
        }
    }
    [
        course(AT_THE_TOP, 1, 5, 2),
        course(AT_THE_TOP, 1, 5, 4),
        course(AT_THE_TOP, 2, 5, 2),
        course(TWO_ANYWHERE, 1, 5, 3),
        course(TWO_ANYWHERE, 2, 5, 3),
        course(LARGER_PAGES, 2, 5, 4),
        course(TWO_ANYWHERE, 1, 1, 2),
    ]
};

#[test]
fn no_row_is_missed_and_none_is_repeated() {
    let (behaviours, lost) = sum(&ALONE);
    println!(
        "paging: {behaviours} behaviours, 0 missed, 0 repeated; one at a time, {lost} ended with an error"
    );
}

#[test]
fn no_row_is_missed_and_none_is_repeated_with_pages_fetched_ahead() {
    let (behaviours, lost) = sum(&AHEAD);
    println!(
        "paging: {behaviours} behaviours, 0 missed, 0 repeated; fetched ahead, {lost} ended with an error"
    );
}

/// Asks for the page after the one that came, as long as they are full.
#[derive(Clone)]
struct Naive {
    request: Option<Request>,
    next: Option<u64>,
}

impl Pager for Naive {
    fn ask(&mut self, number: &mut usize) -> Option<&mut Request> {
        if let Some(offset) = self.next.take() {
            self.request = Some(Request {
                number: *number,
                offset,
                rows: None,
            });
            *number += 1;
        }
        self.request.as_mut()
    }

    fn requests(&mut self) -> impl Iterator<Item = &mut Request> {
        self.request.iter_mut()
    }

    fn receive(&mut self, rows: &[Row]) -> Verdict {
        let asked = self.request.take();
        let end = asked.map_or(0, |request| request.offset) + rows.len() as u64;
        self.next = (rows.len() == AT_THE_TOP.page).then_some(end);
        Verdict::Accept {
            new: (0..rows.len()).collect(),
            next: self.next,
        }
    }
}

/// The tests above can fail.
#[test]
fn a_naive_pager_misses_and_repeats() {
    let naive = Naive {
        request: None,
        next: Some(0),
    };
    let count = count(&naive, 1, AT_THE_TOP, World::new);
    println!("naive paging: {count:?}");
    assert!(count.missed > 0 && count.repeated > 0, "{count:?}");
}
