//! What is remembered of the rows so far, so that none is handed out twice.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use super::row::Row;

/// The rows of the last few pages.
///
/// To forget a row and still not hand it out again takes more than the rows: whoever keeps ten keys of a million and
/// removes the others as they come ends with those ten, seen long ago, and rows never seen on one page. The order tells
/// them apart. It is that of creation, so what was made after a forgotten row ranks above one that was handed out, and
/// was handed out itself or came too late. A row is forgotten only when one that is strictly older was handed out, so
/// that a row of the same instant is never taken for it.
///
/// Where the pages are not in the order of creation, nothing is forgotten any more: the hashes alone are enough, and
/// take memory for each key.
#[derive(Clone, Debug)]
pub(super) struct Window<Id, Time> {
    rows: HashMap<Id, Known<Time>>,
    /// How many pages there were.
    page: u64,
    /// For how many of them a row is remembered.
    remembered: u64,
    /// When the oldest row that was handed out was made.
    oldest: Option<Time>,
    /// When the oldest row that was forgotten was made.
    forgotten: Option<Time>,
    /// Whether all pages so far were in the order of creation.
    ordered: bool,
}

#[derive(Clone, Debug)]
struct Known<Time> {
    created: Time,
    /// The last page that it was on. A row that stays where the pages overlap stays known, however long ago it was
    /// handed out.
    page: u64,
}

impl<Id: Clone + Eq + Hash, Time: Copy + Ord> Window<Id, Time> {
    pub(super) fn new(remembered: u64) -> Self {
        Self {
            rows: HashMap::new(),
            page: 0,
            remembered,
            oldest: None,
            forgotten: None,
            ordered: true,
        }
    }

    pub(super) fn knows(&self, id: &Id) -> bool {
        self.rows.contains_key(id)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Remembers the rows of a page, and says which of them are new. With `below` only what ranks below a known row
    /// can be.
    ///
    /// `None`: it cannot be told, because the order that would tell it does not hold.
    pub(super) fn take(&mut self, rows: &[impl Row<Id, Time>], below: bool) -> Option<Vec<usize>> {
        self.page += 1;
        self.ordered &= rows.is_sorted_by(|above, below| above.created() >= below.created());
        let mut new = Vec::with_capacity(rows.len());
        let mut at_known = false;
        for (place, row) in rows.iter().enumerate() {
            let created = row.created();
            match self.rows.entry(row.id().clone()) {
                Entry::Occupied(mut known) => {
                    known.get_mut().page = self.page;
                    at_known = true;
                }
                // It ranks above where the listing began, or came later.
                Entry::Vacant(_) if below && !at_known => {}
                Entry::Vacant(_) if self.forgotten.is_some_and(|oldest| created >= oldest) => {
                    if !self.ordered {
                        return None;
                    }
                }
                Entry::Vacant(vacant) => {
                    vacant.insert(Known {
                        created,
                        page: self.page,
                    });
                    self.oldest = Some(self.oldest.map_or(created, |oldest| oldest.min(created)));
                    new.push(place);
                }
            }
        }
        // Not with each page: it looks at all rows.
        if self.ordered && self.page.is_multiple_of(self.remembered) {
            self.forget();
        }
        Some(new)
    }

    fn forget(&mut self) {
        let Self {
            page,
            remembered,
            oldest,
            forgotten,
            ..
        } = self;
        self.rows.retain(|_, row| {
            let stays = row.page + *remembered > *page || Some(row.created) <= *oldest;
            if !stays {
                *forgotten = Some(forgotten.map_or(row.created, |oldest| oldest.min(row.created)));
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    /// It has seen 1, 2 and 3, in the order of creation, and forgotten 1.
    fn window() -> Window<u8, i32> {
        let mut window = Window::new(1);
        assert_eq!(window.take(&[(1, 100), (2, 99)], false), Some(vec![0, 1]));
        assert_eq!(window.take(&[(2, 99), (3, 98)], false), Some(vec![1]));
        assert!(!window.knows(&1) && window.knows(&2) && window.knows(&3));
        window
    }

    #[test]
    fn what_is_older_than_all_that_was_forgotten_is_new() {
        assert_eq!(window().take(&[(1, 100), (4, 97)], false), Some(vec![1]));
        let came_back_between = [(5, 101), (2, 99), (6, 99), (3, 98), (4, 98)];
        assert_eq!(window().take(&came_back_between, false), Some(vec![2, 4]));
    }

    #[test]
    fn only_what_ranks_below_a_known_row_is_new_where_that_is_asked() {
        let page = [(6, 99), (2, 99), (7, 99), (3, 98)];
        assert_eq!(window().take(&page, true), Some(vec![2]));
    }

    #[test]
    fn without_the_order_nothing_that_could_have_been_forgotten_is_judged() {
        assert_eq!(window().take(&[(4, 97), (1, 100)], false), None);
        assert_eq!(window().take(&[(4, 96), (5, 97)], false), Some(vec![0, 1]));
    }

    #[test]
    fn without_the_order_nothing_is_forgotten() {
        let mut window = Window::new(1);
        for id in 0..100 {
            assert_eq!(
                window.take(&[(id, id), (id + 100, id + 1)], false),
                Some(vec![0, 1])
            );
        }
        assert_eq!(window.len(), 200);
    }
}
