//! Callers who remove the keys as they are handed out, down to those that they keep.

use super::{End, Id, World, service, service_from};

/// Reads all of `rows` rows and removes what it is given but for those to be kept.
fn remove_all_but(rows: u32, world: impl Fn(u32) -> World, kept: impl Fn(Id) -> bool) {
    let mut listing = service();
    let mut world = world(rows);
    let mut most_remembered = 0;
    let mut seen = 0;
    let end = loop {
        if let Some(end) = listing.receive(&world.page(listing.offset, 100)) {
            break end;
        }
        let new = &listing.handed_out[seen..];
        world.rows.retain(|(id, _)| kept(*id) || !new.contains(id));
        seen = listing.handed_out.len();
        most_remembered = most_remembered.max(listing.pager.window.len());
    };
    assert_eq!(end, End::Complete);
    assert_eq!(listing.handed_out, (0..rows).collect::<Vec<_>>());
    assert!(most_remembered <= 1100, "{most_remembered}");
    println!(
        "{rows} rows in {} requests, {most_remembered} remembered",
        listing.requests
    );
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
    remove_all_but(20_000, World::new, |id| id % 2500 == 0);
    remove_all_but(20_000, World::new, |id| id < 30);
    remove_all_but(
        20_000,
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
        let mut listing = service();
        let world = World::new(rows);
        while listing.receive(&world.page(listing.offset, 100)).is_none() {}
        assert_eq!(listing.handed_out, (0..rows).collect::<Vec<_>>());
        assert!(
            listing.requests <= most,
            "{rows} rows took {}",
            listing.requests
        );
    }
    remove_all_but(20_000, World::new, |_| true);
    remove_all_but(20_000, |rows| World::made_in_batches(rows, 10), |_| true);
}

/// Above the place where it begins there are rows that it never saw: the top of the list connects with nothing.
#[test]
fn a_listing_that_does_not_begin_at_the_top_may_not_take_it_for_granted() {
    let mut world = World::new(250);
    let mut listing = service_from(10);
    assert_eq!(listing.receive(&world.page(10, 100)), None);
    world.rows.drain(5..200);
    let end = loop {
        if let Some(end) = listing.receive(&world.page(listing.offset, 100)) {
            break end;
        }
    };
    assert_eq!((end, listing.offset), (End::Lost, 0));
    assert_eq!(listing.handed_out, (10..110).collect::<Vec<_>>());
}
