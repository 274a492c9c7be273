//! The method against simulated servers: every small course of events, many large ones, and servers that misbehave.

mod ahead;
mod enumerated;
mod hostile;
mod random;
mod removed;
mod world;

use super::ahead::Ahead;
use super::scan::{Paging, Verdict};
use crate::concurrency::Concurrency;
use world::{Id, Row, World};

/// A request, and its answer once the server has made one.
#[derive(Clone)]
struct Request {
    /// Which one it is of the listing, from 0.
    number: usize,
    offset: u64,
    rows: Option<Vec<Row>>,
}

/// Whoever asks for pages, for the simulated servers.
trait Pager: Clone {
    /// Asks for what should be under way. `number` counts the requests.
    fn ask(&mut self, number: &mut usize) -> Option<&mut Request>;

    /// What is under way, in the order in which it was asked for.
    fn requests(&mut self) -> impl Iterator<Item = &mut Request>;

    /// Takes the answer to the first of these.
    fn receive(&mut self, rows: &[Row]) -> Verdict;
}

type Real = Ahead<Id, i64, Request>;

impl Pager for Real {
    fn ask(&mut self, number: &mut usize) -> Option<&mut Request> {
        let send = |offset| {
            *number += 1;
            Request {
                number: *number - 1,
                offset,
                rows: None,
            }
        };
        Self::ask(self, send)
    }

    fn requests(&mut self) -> impl Iterator<Item = &mut Request> {
        Self::requests(self)
    }

    fn receive(&mut self, rows: &[Row]) -> Verdict {
        Self::receive(self, rows, 0)
    }
}

/// How a listing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Complete,
    Lost,
}

/// What came of looking at a listing once.
enum Step {
    Took,
    Waits,
    Ended(End),
}

/// One listing under way: who asks, what was asked so far, and what was handed out.
#[derive(Clone)]
struct Listing<P> {
    pager: P,
    /// How many requests were sent.
    requests: usize,
    /// How many answers were looked at.
    looked_at: usize,
    handed_out: Vec<Id>,
    /// How many answers there may be without a new row, and then one with some.
    patience: usize,
}

impl<P: Pager> Listing<P> {
    fn new(pager: P, concurrency: usize) -> Self {
        let mut listing = Self {
            pager,
            requests: 0,
            looked_at: 0,
            handed_out: Vec::new(),
            patience: 13 + 2 * (concurrency - 1),
        };
        assert_eq!(listing.look(), None);
        listing
    }

    /// The offsets under way that the server has not answered, each with the number of its request.
    fn unanswered(&mut self) -> Vec<(usize, u64)> {
        let requests = self.pager.requests();
        let unanswered = requests.filter(|request| request.rows.is_none());
        unanswered
            .map(|request| (request.number, request.offset))
            .collect()
    }

    /// The request of this number is answered with these rows. Whoever asks looks at what there is to look at by then.
    fn answer(&mut self, number: usize, rows: Vec<Row>) -> Option<End> {
        self.store(number, rows);
        self.look()
    }

    /// The first of the requests that are under way is answered, if it was not before.
    fn answer_first(&mut self, page: impl FnOnce(usize, u64) -> Vec<Row>) -> Option<End> {
        let (number, offset) = self.unanswered()[0];
        self.answer(number, page(number, offset))
    }

    /// The request of this number is answered with these rows.
    fn store(&mut self, number: usize, rows: Vec<Row>) {
        let mut requests = self.pager.requests();
        let request = requests.find(|request| request.number == number);
        request.expect("it is under way").rows = Some(rows);
    }

    /// Takes pages until it has to wait for one.
    fn look(&mut self) -> Option<End> {
        loop {
            match self.step() {
                Step::Took => {}
                Step::Waits => return None,
                Step::Ended(end) => return Some(end),
            }
        }
    }

    /// Takes the next page, if it is there.
    fn step(&mut self) -> Step {
        let Some(request) = self.pager.ask(&mut self.requests) else {
            return Step::Ended(End::Complete);
        };
        let Some(rows) = request.rows.take() else {
            return Step::Waits;
        };
        self.looked_at += 1;
        match self.pager.receive(&rows) {
            Verdict::Accept { new, .. } => {
                self.handed_out
                    .extend(new.into_iter().map(|place| rows[place].0));
            }
            Verdict::StepBack => {}
            Verdict::Lost => return Step::Ended(End::Lost),
        }
        let most = self.patience * (self.handed_out.len() + 1);
        assert!(self.looked_at <= most, "{} answers", self.looked_at);
        Step::Took
    }

    /// How many were handed out twice.
    fn repeated(&self) -> usize {
        let mut ids = self.handed_out.clone();
        ids.sort_unstable();
        ids.windows(2).filter(|pair| pair[0] == pair[1]).count()
    }
}

/// A listing as the client does it, with so many pages under way.
fn service(concurrency: usize, start: u64) -> Listing<Real> {
    let paging = Paging::service(concurrency);
    let from_one = Concurrency::from_one(concurrency, 0);
    Listing::new(Ahead::new(paging, start, from_one), concurrency)
}
