//! Which page to ask for next, and which of its rows are new.

use std::hash::Hash;

use super::row::Row;
use super::window::Window;
use crate::model::Page;

/// One listing, as far as it was read. It asks for nothing itself: it names an offset and is given the rows found there.
///
/// What it relies on: the server's order never changes, though rows come and go anywhere in it. What it keeps true:
/// every key that is there from the first request on, and does not rank below the lowest row handed out so far, was
/// handed out. A page that has a known row in it keeps that true, since what ranks between that row and the page's last
/// one is on the page; so does the page at offset 0, above which there is nothing. No other page is accepted.
#[derive(Clone, Debug)]
pub(super) struct Scan<Id, Time> {
    paging: Paging,
    /// Where the listing begins. Above it there may be rows that are not to be handed out.
    start: u64,
    /// What to ask for next.
    offset: u64,
    /// The most rows that a page had. Until there was a page, `None`.
    largest: Option<usize>,
    /// Whether the page that was accepted last was too short not to be the end.
    at_end: bool,
    /// Steps back since there was a new row.
    steps_back: u32,
    /// How many pages were under way at the first of them, or 1.
    depth: usize,
    /// Pages that were accepted since there was a new row.
    stalls: u64,
    window: Window<Id, Time>,
}

/// The numbers of the method.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paging {
    /// How many rows the service puts on a page that is not the last.
    pub(super) page_size: usize,
    /// How many rows of one page are asked for again with the next.
    pub(super) overlap: u32,
    /// How many steps back, and how many pages with nothing new, there may be in a row.
    pub(super) patience: u32,
    /// For how many pages a row is remembered.
    pub(super) remembered: u64,
    /// How many pages come one at a time before the number of those under way grows from one.
    pub(super) alone: u32,
}

impl Paging {
    /// For a listing that has up to so many pages under way.
    ///
    /// The steps back, of 2, 4, … 64 rows, come to 126: further than a page reaches, so that a caller may remove all
    /// the keys of a page while they are handed out. Whatever the pages under way at the time, they reach as much
    /// further, and what they may come upon is remembered.
    pub(super) fn service(concurrency: usize) -> Self {
        Self {
            page_size: Page::SIZE,
            overlap: 2,
            patience: 6,
            remembered: 4 + (concurrency + concurrency / 2) as u64,
            alone: 2,
        }
    }
}

/// What to do with the rows that [`Scan::receive`] was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Hand out those at these places, and go on at `next`; without a `next` that is all.
    Accept { new: Vec<usize>, next: Option<u64> },
    /// Forget them: between them and the last page there may be others. [`Scan::offset`] is what to ask for instead.
    StepBack,
    /// The listing cannot be told from the pages.
    Lost,
}

impl<Id: Clone + Eq + Hash, Time: Copy + Ord> Scan<Id, Time> {
    pub(super) fn new(paging: Paging, start: u64) -> Self {
        Self {
            paging,
            start,
            offset: start,
            largest: None,
            at_end: false,
            steps_back: 0,
            depth: 1,
            stalls: 0,
            window: Window::new(paging.remembered),
        }
    }

    /// The offset to ask for.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.window.len()
    }

    /// How far apart the pages that follow are if nothing comes or goes, or `None` if that is not known, or there are
    /// probably none.
    pub(super) fn stride(&self) -> Option<u64> {
        let largest = self.largest.filter(|_| !self.at_end)?;
        let stride = largest.checked_sub(self.paging.overlap as usize)?;
        (stride > 0).then_some(stride as u64)
    }

    /// Takes the rows at the offset that was asked for. They were asked for while the `depth` - 1 pages before were under
    /// way, so what was removed meanwhile can be as many pages.
    pub(super) fn receive(&mut self, rows: &[impl Row<Id, Time>], depth: usize) -> Verdict {
        if self.connects(rows) {
            self.accept(rows)
        } else if self.at_end && rows.is_empty() {
            // The end was seen, this request was to confirm it, and it does.
            Verdict::Accept {
                new: Vec::new(),
                next: None,
            }
        } else {
            self.step_back(depth)
        }
    }

    /// Whether nothing that is to be handed out can stand between these rows and the ones before.
    fn connects(&self, rows: &[impl Row<Id, Time>]) -> bool {
        let at_top = self.start == 0 && self.offset == 0;
        self.largest.is_none() || at_top || rows.iter().any(|row| self.window.knows(row.id()))
    }

    fn accept(&mut self, rows: &[impl Row<Id, Time>]) -> Verdict {
        let is_first = self.largest.is_none();
        let Some(new) = self.window.take(rows, self.start > 0 && !is_first) else {
            return Verdict::Lost;
        };
        if new.is_empty() {
            self.stalls += 1;
        } else {
            self.steps_back = 0;
            self.depth = 1;
            self.stalls = 0;
        }

        let received = rows.len();
        let largest = self.largest.map_or(received, |most| most.max(received));
        self.largest = Some(largest);
        let is_last = if is_first {
            !self.may_be_full(received)
        } else {
            self.at_end = received < largest;
            self.at_end && (new.is_empty() || received <= 2 * self.paging.overlap as usize)
        };
        if is_last {
            return Verdict::Accept { new, next: None };
        }
        // From as far back as the steps can have gone, the way to the first new row takes more than a page for each of depth.
        let way_back = 2 * (self.depth as u64 - 1);
        if self.stalls > u64::from(self.paging.patience) + way_back {
            return Verdict::Lost;
        }
        let end = self.offset.saturating_add(received as u64);
        self.offset = end.saturating_sub(self.paging.overlap.into());
        Verdict::Accept {
            new,
            next: Some(self.offset),
        }
    }

    /// Whether a first page of so many rows can have another after it.
    ///
    /// A shorter page than the service documents is the last, by its word. It has changed much else unannounced, though,
    /// and a listing that ended there would be cut off without a sign; so at the sizes that it might halve its pages to,
    /// one more request makes sure.
    fn may_be_full(&self, received: usize) -> bool {
        let size = self.paging.page_size;
        received >= size || received * 2 == size || received * 4 == size
    }

    fn step_back(&mut self, depth: usize) -> Verdict {
        if self.offset == 0 || self.steps_back == self.paging.patience {
            return Verdict::Lost;
        }
        if self.steps_back == 0 {
            self.depth = depth;
        }
        let step = (u64::from(self.paging.overlap) * self.depth as u64) << self.steps_back;
        self.steps_back += 1;
        self.offset = self.offset.saturating_sub(step);
        Verdict::StepBack
    }
}
