//! Servers that do not do what the API documents: the end is the exact result or an error, and comes soon.

use super::{End, Row, World, service};

/// What a server answers to the request of this number, counted from 0, at this offset.
type Server = fn(&World, u64, usize) -> Vec<Row>;

struct Case {
    name: &'static str,
    rows: u32,
    server: Server,
    end: End,
    most_requests: usize,
}

fn ids(from: u32, number: u32) -> Vec<Row> {
    (from..from + number)
        .map(|id| (id, -i64::from(id)))
        .collect()
}

const CASES: &[Case] = &[
    Case {
        name: "pages of 50",
        rows: 250,
        server: |world, offset, _| world.page(offset, 50),
        end: End::Complete,
        most_requests: 7,
    },
    Case {
        name: "pages of 25, and no rest",
        rows: 250,
        server: |world, offset, _| world.page(offset, 25),
        end: End::Complete,
        most_requests: 13,
    },
    Case {
        name: "pages of 1000",
        rows: 2500,
        server: |world, offset, _| world.page(offset, 1000),
        end: End::Complete,
        most_requests: 4,
    },
    Case {
        name: "pages that become smaller",
        rows: 250,
        server: |world, offset, request| world.page(offset, if request == 0 { 100 } else { 40 }),
        end: End::Complete,
        most_requests: 7,
    },
    Case {
        name: "the offset is ignored, and there is one page",
        rows: 30,
        server: |world, _, _| world.page(0, 100),
        end: End::Complete,
        most_requests: 1,
    },
    Case {
        name: "the offset is ignored, and there are more",
        rows: 250,
        server: |world, _, _| world.page(0, 100),
        end: End::Lost,
        most_requests: 8,
    },
    Case {
        name: "the offset is ignored, and the page is as long as a smaller page could be",
        rows: 50,
        server: |world, _, _| world.page(0, 100),
        end: End::Lost,
        most_requests: 8,
    },
    Case {
        name: "the second page for ever",
        rows: 250,
        server: |world, offset, _| world.page(offset.min(98), 100),
        end: End::Lost,
        most_requests: 9,
    },
    Case {
        name: "the oldest first",
        rows: 1500,
        server: |world, offset, _| {
            let mut world = world.clone();
            world.rows.reverse();
            world.page(offset, 100)
        },
        end: End::Complete,
        most_requests: 17,
    },
    Case {
        name: "each page turned round",
        rows: 1500,
        server: |world, offset, _| {
            let mut page = world.page(offset, 100);
            page.reverse();
            page
        },
        end: End::Complete,
        most_requests: 17,
    },
    Case {
        name: "nothing after the first page, although it is full",
        rows: 250,
        server: |world, offset, _| {
            if offset == 0 {
                world.page(0, 100)
            } else {
                Vec::new()
            }
        },
        end: End::Lost,
        most_requests: 14,
    },
    Case {
        name: "a page of the same row over and over",
        rows: 1,
        server: |_, _, _| vec![(0, 0); 100],
        end: End::Lost,
        most_requests: 8,
    },
    Case {
        name: "other rows each time, except at the beginning",
        rows: 250,
        server: |world, offset, request| match request {
            0..=2 => world.page(offset, 100),
            _ => ids(1000 * u32::try_from(request).unwrap(), 100),
        },
        end: End::Lost,
        most_requests: 10,
    },
    Case {
        name: "rows that were never seen before the known ones, for ever",
        rows: 250,
        server: |world, offset, request| {
            let mut page = world.page(offset.min(98), 100);
            page.rotate_right(1);
            page[0].0 = 1000 + u32::from(request % 2 == 1);
            page
        },
        end: End::Lost,
        most_requests: 13,
    },
];

#[test]
fn the_end_is_right_or_an_error_and_comes_soon() {
    for case in CASES {
        for concurrency in [1, 8] {
            let world = World::new(case.rows);
            let mut listing = service(concurrency, 0);
            let end = loop {
                let page = |number, offset| (case.server)(&world, offset, number);
                if let Some(end) = listing.answer_first(page) {
                    break end;
                }
                let most = case.most_requests + 2 * (concurrency - 1);
                assert!(listing.requests <= most, "{}", case.name);
            };
            println!(
                "{}, concurrency {concurrency}: {end:?} after {} requests",
                case.name, listing.requests
            );
            assert_eq!(end, case.end, "{}", case.name);
            assert_eq!(listing.repeated(), 0, "{}", case.name);
            if end == End::Complete {
                let mut came = listing.handed_out;
                came.sort_unstable();
                assert_eq!(came, (0..case.rows).collect::<Vec<_>>(), "{}", case.name);
            }
        }
    }
}
