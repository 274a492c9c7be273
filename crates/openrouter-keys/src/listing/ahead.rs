//! Which pages are under way at once.

use std::collections::VecDeque;
use std::hash::Hash;

use super::row::Row;
use super::scan::{Paging, Scan, Verdict};
use crate::concurrency::Concurrency;

/// A scan that asks for pages before it knows that they are the next ones.
///
/// The offsets of the pages that follow are known if nothing comes or goes. The scan is given the pages one by one and in
/// their order, and looks at each as at one that was asked for alone: for what makes it accept a page it does not matter
/// when the page was made, since the order of the rows never changes. Where it would go on elsewhere than at the next of
/// the pages under way, these are of no use, and it begins again with one at a time.
#[cfg_attr(test, derive(Clone))]
pub(super) struct Ahead<Id, Time, Request> {
    scan: Scan<Id, Time>,
    concurrency: Concurrency,
    /// How many pages come one at a time, whatever `concurrency` says: at the beginning because most listings have hardly
    /// more, and where keys come and go because it would be in vain again. The next one comes alone too, since
    /// `concurrency` begins with one.
    alone: u32,
    /// How many of them are still to come.
    alone_for: u32,
    /// Its first is the one that the scan waits for.
    under_way: VecDeque<Asked<Request>>,
    ended: bool,
}

#[cfg_attr(test, derive(Clone))]
struct Asked<Request> {
    offset: u64,
    /// How many were under way, with this one, when it was asked for.
    depth: usize,
    request: Request,
}

impl<Id: Clone + Eq + Hash, Time: Copy + Ord, Request> Ahead<Id, Time, Request> {
    pub(super) fn new(paging: Paging, start: u64, concurrency: Concurrency) -> Self {
        Self {
            scan: Scan::new(paging, start),
            concurrency,
            alone: paging.alone,
            alone_for: paging.alone,
            under_way: VecDeque::new(),
            ended: false,
        }
    }

    /// Asks, by `send`, for the page at each offset that should be under way and is not, and returns the request whose
    /// answer is to be given to [`receive`](Self::receive). `None`: the listing has ended.
    pub(super) fn ask(&mut self, mut send: impl FnMut(u64) -> Request) -> Option<&mut Request> {
        if self.ended {
            return None;
        }
        while let Some(offset) = self.next_offset() {
            let depth = self.under_way.len() + 1;
            self.under_way.push_back(Asked {
                offset,
                depth,
                request: send(offset),
            });
        }
        self.under_way.front_mut().map(|asked| &mut asked.request)
    }

    fn next_offset(&self) -> Option<u64> {
        let Some(last) = self.under_way.back() else {
            return Some(self.scan.offset());
        };
        if self.alone_for > 0 || self.under_way.len() >= self.concurrency.now() {
            return None;
        }
        last.offset.checked_add(self.scan.stride()?)
    }

    /// Takes the rows of the page that was asked for first, after so many 429s. What is under way and of no use is dropped.
    pub(super) fn receive(&mut self, rows: &[impl Row<Id, Time>], rate_limits: u64) -> Verdict {
        let depth = self.under_way.pop_front().map_or(1, |asked| asked.depth);
        let verdict = self.scan.receive(rows, depth);
        match &verdict {
            Verdict::Accept { next: Some(_), .. } if self.alone_for > 0 => self.alone_for -= 1,
            Verdict::Accept { next: Some(_), .. } => self.concurrency.answered(rate_limits),
            Verdict::StepBack => {}
            Verdict::Accept { next: None, .. } | Verdict::Lost => self.end(),
        }
        let goes_on = |asked: &Asked<Request>| asked.offset == self.scan.offset();
        if !self.under_way.front().is_none_or(goes_on) {
            self.restart();
        }
        verdict
    }

    /// Goes on from where the scan is, one page at a time.
    fn restart(&mut self) {
        self.under_way.clear();
        self.concurrency.restart();
        self.alone_for = self.alone;
    }

    /// Asks for nothing more.
    fn end(&mut self) {
        self.ended = true;
        self.under_way.clear();
    }

    pub(super) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    #[cfg(test)]
    pub(super) fn requests(&mut self) -> impl Iterator<Item = &mut Request> {
        self.under_way.iter_mut().map(|asked| &mut asked.request)
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.scan.remembered()
    }
}
