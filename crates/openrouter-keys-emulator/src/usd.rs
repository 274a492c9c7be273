//! Amounts of money.

use std::cmp::Ordering;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize, Serializer};

use crate::json::Json;

/// An amount in USD. It is always finite, and negative only where a limit is overdrawn.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Deserialize)]
pub(crate) struct Usd(f64);

impl Usd {
    pub(crate) const ZERO: Self = Self(0.0);

    pub(crate) const fn whole(amount: u32) -> Self {
        // `From` cannot be called in a constant.
        Self(amount as f64)
    }

    /// The amount, if it can be a limit: finite and not negative.
    pub(crate) fn limit(amount: f64) -> Option<Self> {
        (amount.is_finite() && amount >= 0.0).then_some(Self(amount))
    }

    pub(crate) fn total_cmp(self, other: Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }

    pub(crate) fn is_finite(self) -> bool {
        self.0.is_finite()
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Serialize for Usd {
    /// Writes whole amounts without a fraction, as the service does: `50`, not `50.0`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53

        if self.0.fract() == 0.0 && self.0.abs() < EXACT {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a whole number below 2^53 fits exactly"
            )]
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

impl Json for Usd {
    fn write(&self, out: &mut Vec<u8>) {
        // Most of what a key has spent is nothing.
        if self.0 == 0.0 {
            out.push(b'0');
        } else {
            serde_json::to_writer(out, self)
                .expect("a number has a JSON form, and memory takes it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Usd;

    #[test]
    fn amounts_are_written_as_the_service_writes_them() {
        for (amount, written) in [
            (0.0, "0"),
            (-0.0, "0"),
            (50.0, "50"),
            (-20.0, "-20"),
            (0.1, "0.1"),
            (12.345_678_901_234_567, "12.345678901234567"),
            (1e300, "1e+300"),
        ] {
            assert_eq!(serde_json::to_string(&Usd(amount)).expect("JSON"), written);
        }
    }

    #[test]
    fn a_limit_is_finite_and_not_negative() {
        for amount in [-0.01, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Usd::limit(amount), None, "{amount}");
        }
        assert_eq!(Usd::limit(0.0), Some(Usd::ZERO));
    }
}
