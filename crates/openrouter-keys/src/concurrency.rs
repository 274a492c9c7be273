//! How many requests a listing or a bulk run has under way at once.

use crate::error::Error;

/// How many there are at once, at most, where nobody says anything else.
pub(crate) const DEFAULT: usize = 8;

/// As many as the caller allows, if that makes sense.
pub(crate) fn checked(most: usize) -> Result<usize, Error> {
    if most == 0 {
        return Err(Error::invalid_input("concurrency", "must be at least 1"));
    }
    Ok(most)
}

/// Between one and as many as the caller allows: fewer after a 429, and more again as long as there is none.
///
/// Below what was halved last it doubles with each round of answers, above that it grows by one a round, as TCP does it.
#[derive(Clone, Debug)]
pub(crate) struct Concurrency {
    now: usize,
    most: usize,
    /// Up to here it grows fast.
    fast_below: usize,
    /// Answers since it last grew slowly.
    answers: usize,
    /// How many more answers belong to requests that were sent before the last halving: what they met is known.
    old: usize,
    /// How many 429s the client had met when this was last asked.
    rate_limits: u64,
}

impl Concurrency {
    /// It begins with one. `rate_limits` is how many 429s the client has met so far.
    pub(crate) fn from_one(most: usize, rate_limits: u64) -> Self {
        Self {
            now: 1,
            most,
            fast_below: most,
            answers: 0,
            old: 0,
            rate_limits,
        }
    }

    /// It begins with all that the caller allows.
    pub(crate) fn from_most(most: usize, rate_limits: u64) -> Self {
        Self {
            now: most,
            ..Self::from_one(most, rate_limits)
        }
    }

    /// How many there may be.
    pub(crate) fn now(&self) -> usize {
        self.now
    }

    /// One of them was answered, when the client had met so many 429s, in whatever call.
    pub(crate) fn answered(&mut self, rate_limits: u64) {
        let limited = rate_limits != self.rate_limits;
        self.rate_limits = rate_limits;
        if self.old > 0 {
            self.old -= 1;
        } else if limited {
            self.old = self.now - 1;
            self.now = (self.now / 2).max(1);
            self.fast_below = self.now;
            self.answers = 0;
        } else if self.now < self.fast_below {
            self.now += 1;
        } else if self.now < self.most {
            self.answers += 1;
            if self.answers >= self.now {
                self.answers = 0;
                self.now += 1;
            }
        }
    }

    /// What was asked for ahead was of no use: it begins with one again.
    pub(crate) fn restart(&mut self) {
        self.now = 1;
        self.answers = 0;
        self.old = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::Concurrency;

    /// After each of so many answers without a 429.
    fn course(concurrency: &mut Concurrency, answers: usize) -> Vec<usize> {
        let rate_limits = concurrency.rate_limits;
        let mut answered = || {
            concurrency.answered(rate_limits);
            concurrency.now()
        };
        (0..answers).map(|_| answered()).collect()
    }

    #[test]
    fn it_doubles_with_each_round_up_to_the_most() {
        let mut concurrency = Concurrency::from_one(8, 5);
        assert_eq!(concurrency.now(), 1);
        assert_eq!(course(&mut concurrency, 9), [2, 3, 4, 5, 6, 7, 8, 8, 8]);
        assert_eq!(course(&mut Concurrency::from_one(1, 0), 3), [1, 1, 1]);
    }

    #[test]
    fn a_429_halves_it_once_for_all_requests_that_were_under_way() {
        let mut concurrency = Concurrency::from_most(8, 0);
        concurrency.answered(3);
        assert_eq!(concurrency.now(), 4);
        // The other seven met the same server at the same time.
        for rate_limits in 4..=10 {
            concurrency.answered(rate_limits);
        }
        assert_eq!(concurrency.now(), 4);
        // By one with each round.
        assert_eq!(course(&mut concurrency, 9), [4, 4, 4, 5, 5, 5, 5, 5, 6]);
        concurrency.answered(11);
        assert_eq!(concurrency.now(), 3);
    }

    /// What was under way when it was halved is of no use any more, and not waited for.
    #[test]
    fn a_restart_forgets_what_was_under_way() {
        let mut concurrency = Concurrency::from_most(8, 0);
        concurrency.answered(1);
        concurrency.restart();
        assert_eq!(course(&mut concurrency, 5), [2, 3, 4, 4, 4]);
    }

    #[test]
    fn it_never_ends_up_with_none() {
        let mut concurrency = Concurrency::from_most(3, 0);
        for rate_limits in 1..20 {
            concurrency.answered(rate_limits);
        }
        assert_eq!(concurrency.now(), 1);
        concurrency.restart();
        assert_eq!(concurrency.now(), 1);
    }
}
