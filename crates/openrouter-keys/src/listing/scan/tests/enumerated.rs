//! Every course that a small listing can take.

use super::super::{Paging, Scan, Verdict};
use super::{End, Id, Listing, Pager, Row, World};

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
fn count<P: Pager>(pager: &P, events: Events, world: fn(u32) -> World) -> Count {
    let mut count = Count::default();
    for keys in 0..=MOST_KEYS {
        let listing = Listing::new(pager.clone());
        let mut all = All { keys, count };
        all.request(&listing, &world(keys), events);
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
    fn request<P: Pager>(&mut self, listing: &Listing<P>, world: &World, events: Events) {
        let mut listing = listing.clone();
        match listing.receive(&world.page(listing.offset, events.page)) {
            None => self.pause(&listing, world, events, 0),
            Some(end) => self.judge(&listing, world, end),
        }
    }

    /// Every set of events before the next request, each told from the top down so that it comes up once.
    fn pause<P: Pager>(
        &mut self,
        listing: &Listing<P>,
        world: &World,
        events: Events,
        from: usize,
    ) {
        self.request(listing, world, events);
        if events.most == 0 {
            return;
        }
        let left = Events {
            most: events.most - 1,
            ..events
        };
        for place in from..=world.rows.len() {
            if place < world.rows.len() {
                let mut world = world.clone();
                world.delete(place);
                self.pause(listing, &world, left, place);
            }
            if place == 0 || events.anywhere {
                let mut world = world.clone();
                world.insert(place);
                self.pause(listing, &world, left, place + 1);
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

#[test]
fn no_row_is_missed_and_none_is_repeated() {
    let mut behaviours = 0;
    let mut lost = 0;
    for (events, overlap, remembered) in [
        (AT_THE_TOP, 2, Paging::SERVICE.remembered),
        (TWO_ANYWHERE, 2, Paging::SERVICE.remembered),
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
