//! Callers who remove the keys as they are handed out, down to those that they keep.

use super::{End, Id, Step, World, service};

/// When the server makes a page that was asked for ahead.
#[derive(Clone, Copy, Debug)]
enum Made {
    /// As soon as it is asked for.
    AtOnce,
    /// When nothing else is missing.
    AtLast,
}

/// Reads all of `rows` rows and removes what it is given but for those to be kept.
fn remove_all_but(rows: u32, world: impl Fn(u32) -> World, kept: impl Fn(Id) -> bool) {
    for concurrency in [1, 2, 8, 32] {
        for made in [Made::AtOnce, Made::AtLast] {
            let world = world(rows);
            remove(rows, world, &kept, concurrency, made);
        }
    }
}

fn remove(rows: u32, mut world: World, kept: impl Fn(Id) -> bool, concurrency: usize, made: Made) {
    let mut listing = service(concurrency, 0);
    let mut most_remembered = 0;
    let mut seen = 0;
    let end = loop {
        match listing.step() {
            Step::Ended(end) => break end,
            Step::Took => {}
            Step::Waits => {
                let (number, offset) = listing.unanswered()[0];
                listing.store(number, world.page(offset, 100));
            }
        }
        if let Made::AtOnce = made {
            for (number, offset) in listing.unanswered() {
                listing.store(number, world.page(offset, 100));
            }
        }
        let new = &listing.handed_out[seen..];
        world
            .rows
            .retain(|(id, _)| kept(*id) || new.binary_search(id).is_err());
        seen = listing.handed_out.len();
        most_remembered = most_remembered.max(listing.pager.remembered());
    };
    println!(
        "{rows} rows, {concurrency} {made:?}: {end:?} in {} requests, {most_remembered} remembered",
        listing.requests
    );
    assert_eq!(end, End::Complete);
    assert_eq!(listing.handed_out, (0..rows).collect::<Vec<_>>());
    let most = 1100 + 300 * (concurrency - 1);
    assert!(most_remembered <= most, "{most_remembered}");
}

#[test]
fn every_row_comes_once_although_it_is_removed_at_once() {
    for rows in [1, 50, 98, 99, 100, 101, 150, 199, 200, 201, 5000] {
        remove_all_but(rows, World::new, |_| false);
    }
}

/// What is kept was seen long before the rest, and stands on one page with it.
#[test]
fn rows_that_were_forgotten_are_not_taken_for_new() {
    remove_all_but(8_000, World::new, |id| id % 2500 == 0);
    remove_all_but(8_000, World::new, |id| id < 30);
    remove_all_but(
        8_000,
        |rows| World::made_in_batches(rows, 70),
        |id| id % 999 == 0,
    );
}

#[test]
fn the_old_ones_are_removed_and_the_new_ones_kept() {
    remove_all_but(5000, World::new, |id| id < 2000);
    remove_all_but(5000, World::new, |id| id % 10 == 0);
    remove_all_but(5000, World::new, |id| id % 2 == 0 || id < 1000);
}

#[test]
fn nothing_is_removed() {
    for (rows, most) in [
        (0, 1),
        (1, 1),
        (49, 1),
        (99, 1),
        (50, 2),
        (25, 2),
        (100, 2),
        (101, 3),
        (200, 3),
    ] {
        let mut listing = service(8, 0);
        let world = World::new(rows);
        while listing
            .answer_first(|_, offset| world.page(offset, 100))
            .is_none()
        {}
        assert_eq!(listing.handed_out, (0..rows).collect::<Vec<_>>());
        assert!(
            listing.requests <= most,
            "{rows} rows took {}",
            listing.requests
        );
    }
    remove_all_but(8_000, World::new, |_| true);
    remove_all_but(8_000, |rows| World::made_in_batches(rows, 10), |_| true);
}

/// Above the place where it begins there are rows that it never saw: the top of the list connects with nothing.
#[test]
fn a_listing_that_does_not_begin_at_the_top_may_not_take_it_for_granted() {
    let mut world = World::new(250);
    let mut listing = service(1, 10);
    let mut last = 10;
    assert_eq!(listing.answer_first(|_, _| world.page(10, 100)), None);
    world.rows.drain(5..200);
    let end = loop {
        let page = |_, offset| {
            last = offset;
            world.page(offset, 100)
        };
        if let Some(end) = listing.answer_first(page) {
            break end;
        }
    };
    assert_eq!((end, last), (End::Lost, 0));
    assert_eq!(listing.handed_out, (10..110).collect::<Vec<_>>());
}
