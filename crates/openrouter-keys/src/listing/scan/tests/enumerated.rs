//! Every course that a small listing can take.

use super::super::{Paging, Scan, Verdict};
use super::{End, Listing, Pager, Row, World};

const MOST_KEYS: u32 = 8;

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
    /// How many rows the server puts on a page.
    page: usize,
    /// How many rows come or go in the whole listing.
    most: usize,
    /// Whether they appear anywhere, or at the top alone.
    anywhere: bool,
}

/// Listings of up to eight rows by such a pager, with all that can happen.
fn count<P: Pager>(pager: &P, events: Events, world: impl Fn(u32) -> World) -> Count {
    let mut count = Count::default();
    for keys in 0..=MOST_KEYS {
        let course = Course {
            listing: Listing::new(pager.clone()),
            world: world(keys),
            keys,
        };
        course.request(events, &mut count);
    }
    count
}

#[derive(Clone)]
struct Course<P> {
    listing: Listing<P>,
    world: World,
    /// How many rows there were at first. They have the first numbers.
    keys: u32,
}

impl<P: Pager> Course<P> {
    fn request(&self, events: Events, count: &mut Count) {
        let mut course = self.clone();
        let page = self.world.page(self.listing.offset, events.page);
        match course.listing.receive(&page) {
            None => course.pause(events, 0, count),
            Some(end) => course.judge(end, count),
        }
    }

    /// Every set of events before the next request, each told from the top down so that it comes up once.
    fn pause(&self, events: Events, from: usize, count: &mut Count) {
        self.request(events, count);
        if events.most == 0 {
            return;
        }
        let left = Events {
            most: events.most - 1,
            ..events
        };
        for place in from..=self.world.rows.len() {
            if place < self.world.rows.len() {
                let mut next = self.clone();
                next.world.delete(place);
                next.pause(left, place, count);
            }
            if place == 0 || events.anywhere {
                let mut next = self.clone();
                next.world.insert(place);
                next.pause(left, place + 1, count);
            }
        }
    }

    fn judge(&self, end: End, count: &mut Count) {
        count.behaviours += 1;
        count.most_requests = count.most_requests.max(self.listing.requests);
        count.repeated += usize::from(self.listing.repeated() > 0);
        if end == End::Lost {
            count.lost += 1;
            return;
        }
        let first: Vec<_> = (0..self.keys).collect();
        let stayed = self.world.survivors(&first);
        let mut came = self.listing.handed_out.clone();
        came.retain(|id| stayed.contains(id));
        count.missed += usize::from(stayed.iter().any(|id| !came.contains(id)));
        if count.missed + count.repeated == 0 {
            assert_eq!(came, stayed, "the newest first");
        }
    }
}

/// New keys alone appear, as everywhere but in accounts with disabled keys or workspaces.
const AT_THE_TOP: Events = Events {
    page: 3,
    most: 3,
    anywhere: false,
};

const ANYWHERE: Events = Events {
    anywhere: true,
    ..AT_THE_TOP
};

/// Big enough that a short page can be worth another look.
const LARGER_PAGES: Events = Events {
    page: 5,
    ..ANYWHERE
};

#[test]
fn no_row_is_missed_and_none_is_repeated() {
    let mut behaviours = 0;
    let mut lost = 0;
    for (events, overlap, remembered) in [
        (AT_THE_TOP, 2, Paging::SERVICE.remembered),
        (ANYWHERE, 2, Paging::SERVICE.remembered),
        (LARGER_PAGES, 2, Paging::SERVICE.remembered),
        // The shortest memory that there can be.
        (AT_THE_TOP, 2, 1),
        (ANYWHERE, 1, 1),
        (LARGER_PAGES, 1, 1),
    ] {
        let paging = Paging {
            page_size: events.page,
            overlap,
            remembered,
            ..Paging::SERVICE
        };
        let mut worlds: Vec<fn(u32) -> World> = vec![World::new];
        if remembered == 1 {
            // What can be forgotten depends on the times.
            worlds.push(World::of_one_instant);
        }
        for world in worlds {
            let count = count(&Scan::new(paging, 0), events, world);
            println!("{events:?} {paging:?} {count:?}");
            assert_eq!((count.missed, count.repeated), (0, 0), "{count:?}");
            behaviours += count.behaviours;
            lost += count.lost;
        }
    }
    println!("paging: {behaviours} behaviours, 0 missed, 0 repeated ({lost} ended with an error)");
}

/// Asks for the page after the one that came, as long as they are full.
#[derive(Clone)]
struct Naive {
    offset: u64,
}

impl Pager for Naive {
    fn receive(&mut self, rows: &[Row]) -> Verdict {
        self.offset += rows.len() as u64;
        Verdict::Accept {
            new: (0..rows.len()).collect(),
            next: (rows.len() == AT_THE_TOP.page).then_some(self.offset),
        }
    }
}

/// The test above can fail.
#[test]
fn a_naive_pager_misses_and_repeats() {
    let count = count(&Naive { offset: 0 }, AT_THE_TOP, World::new);
    println!("naive paging: {count:?}");
    assert!(count.missed > 0 && count.repeated > 0, "{count:?}");
}
