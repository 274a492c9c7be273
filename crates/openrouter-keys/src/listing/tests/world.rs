//! What a server knows: rows in the order of their creation, the newest first.

pub(super) type Id = u32;
/// A row of a page, with the time of its creation.
pub(super) type Row = (Id, i64);

#[derive(Clone)]
pub(super) struct World {
    pub(super) rows: Vec<Row>,
    next: Id,
    clock: Clock,
}

#[derive(Clone, Copy)]
enum Clock {
    Exact,
    /// This many rows that are next to each other seem to have been made in one instant.
    Coarse(i64),
    Stopped,
}

/// Between the times of two rows next to each other, so that others fit in.
const APART: i64 = 1 << 20;

impl World {
    /// The rows 0, 1, 2 …, from the newest.
    pub(super) fn new(rows: u32) -> Self {
        let ids = 0..rows;
        Self {
            rows: ids.map(|id| (id, -i64::from(id) * APART)).collect(),
            next: rows,
            clock: Clock::Exact,
        }
    }

    /// The same, all made in one instant.
    pub(super) fn of_one_instant(rows: u32) -> Self {
        Self {
            clock: Clock::Stopped,
            ..Self::new(rows)
        }
    }

    /// The same, made some at a time.
    pub(super) fn made_in_batches(rows: u32, of: i64) -> Self {
        Self {
            clock: Clock::Coarse(of),
            ..Self::new(rows)
        }
    }

    pub(super) fn page(&self, offset: u64, size: usize) -> Vec<Row> {
        let start = usize::try_from(offset).map_or(self.rows.len(), |at| at.min(self.rows.len()));
        let rows = self.rows[start..].iter().take(size);
        rows.map(|(id, created)| (*id, self.clock.tell(*created)))
            .collect()
    }

    pub(super) fn delete(&mut self, place: usize) -> Row {
        self.rows.remove(place)
    }

    /// A row that was not there comes to stand at this place: at the top because it was just made, elsewhere because
    /// it was disabled or in another workspace.
    pub(super) fn insert(&mut self, place: usize) {
        let below = self.rows.get(place).map(|row| row.1);
        let above = place.checked_sub(1).map(|above| self.rows[above].1);
        let created = match (above, below) {
            (Some(above), Some(below)) => above.midpoint(below),
            (None, Some(below)) => below + APART,
            (Some(above), None) => above - APART,
            (None, None) => 0,
        };
        self.rows.insert(place, (self.next, created));
        self.next += 1;
    }

    /// A row that was deleted is back where it was.
    pub(super) fn restore(&mut self, row: Row) {
        let place = self.rows.partition_point(|other| other.1 > row.1);
        self.rows.insert(place, row);
    }
}

impl Clock {
    fn tell(self, created: i64) -> i64 {
        match self {
            Self::Exact => created,
            Self::Coarse(rows) => created.div_euclid(rows * APART),
            Self::Stopped => 0,
        }
    }
}
