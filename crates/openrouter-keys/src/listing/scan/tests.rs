//! The method against simulated servers: every small course of events, many large ones, and servers that misbehave.

mod enumerated;
mod hostile;
mod random;
mod removed;
mod world;

use super::{Paging, Scan, Verdict};
use world::{Id, Row, World};

/// Whoever asks for pages, for the simulated servers.
trait Pager: Clone {
    fn receive(&mut self, rows: &[Row]) -> Verdict;
}

impl Pager for Scan<Id, i64> {
    fn receive(&mut self, rows: &[Row]) -> Verdict {
        Scan::receive(self, rows)
    }
}

/// How a listing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Complete,
    Lost,
}

/// One listing under way: who asks, what was asked so far, and what was handed out.
#[derive(Clone)]
struct Listing<P> {
    pager: P,
    offset: u64,
    requests: usize,
    handed_out: Vec<Id>,
}

impl<P: Pager> Listing<P> {
    fn new(pager: P) -> Self {
        Self {
            pager,
            offset: 0,
            requests: 0,
            handed_out: Vec::new(),
        }
    }

    /// Takes the answer to one request.
    fn receive(&mut self, rows: &[Row]) -> Option<End> {
        self.requests += 1;
        match self.pager.receive(rows) {
            Verdict::Accept { new, next } => {
                self.handed_out
                    .extend(new.into_iter().map(|place| rows[place].0));
                match next {
                    Some(offset) => self.offset = offset,
                    None => return Some(End::Complete),
                }
            }
            Verdict::StepBack(offset) => {
                assert!(offset < self.offset, "a step back goes back");
                self.offset = offset;
            }
            Verdict::Lost => return Some(End::Lost),
        }
        // Six steps back and six pages without news, then a page with news.
        let most = 13 * (self.handed_out.len() + 1);
        assert!(self.requests <= most, "{} requests", self.requests);
        None
    }

    /// How many were handed out twice.
    fn repeated(&self) -> usize {
        let mut ids = self.handed_out.clone();
        ids.sort_unstable();
        ids.windows(2).filter(|pair| pair[0] == pair[1]).count()
    }
}

fn service() -> Listing<Scan<Id, i64>> {
    service_from(0)
}

fn service_from(start: u64) -> Listing<Scan<Id, i64>> {
    Listing {
        offset: start,
        ..Listing::new(Scan::new(Paging::SERVICE, start))
    }
}
