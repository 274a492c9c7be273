//! Granting a budget once, although two keys have it.

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, Utc};
use openrouter_keys::{Key, LimitReset};

use super::{Rotation, refused};
use crate::error::{Error, ErrorKind};
use crate::history::{Granting, Held, Turnover};
use crate::ledger::Ledger;
use crate::log::Log;
use crate::new_key::is_same_limit;
use crate::record::Record;

/// The limit of a key and what is left of it in this window, USD, if that can be handed on.
pub(super) fn left_of(key: &Key) -> Result<(f64, f64), Error> {
    let (Some(limit), Some(left)) = (key.limit, key.limit_remaining) else {
        return Err(refused(
            "the key has no limit, so nothing of it can remain: rotate it without `remaining_only`"
                .to_owned(),
        ));
    };
    if whole_micros(left) <= 0.0 {
        return Err(refused(
            "nothing is left of the key's limit in this window: rotate it in the next one, or without `remaining_only`: then the new key has the full limit".to_owned(),
        ));
    }
    if let Some(reset) = &key.limit_reset
        && end_of_window(reset, key.created_at).is_none()
    {
        return Err(refused(format!(
            "this version does not know when a limit that resets {:?} does so",
            reset.as_str()
        )));
    }
    Ok((limit, whole_micros(left)))
}

/// What stands for nothing, USD: nobody knows whether the service takes a limit of 0 for that.
const LEAST: f64 = 1e-6;

/// In millionths of a USD, which any service can keep: not more than it was.
fn whole_micros(usd: f64) -> f64 {
    (usd * 1e6).floor() / 1e6
}

impl<L: Ledger> Rotation<'_, L> {
    /// What is to be done about the new key's limit now, done; and what to note of it.
    pub(super) async fn settle_limit(
        &self,
        turnover: &Turnover,
        new: &Held,
    ) -> Result<Option<Record>, Error> {
        let Some(full_limit) = turnover.full_limit else {
            return Ok(None);
        };
        let Some(remainder) = turnover.remainder else {
            return self.what_remains(turnover, new, full_limit).await.map(Some);
        };
        let (from, to, record) = match remainder.state {
            Granting::Trimming => {
                let made_with = turnover.request.limit;
                (made_with, remainder.limit, Record::Trimmed {})
            }
            Granting::Trimmed if self.is_window_over(turnover) => {
                (Some(remainder.limit), full_limit, Record::Restored {})
            }
            Granting::Trimmed | Granting::Restored => return Ok(None),
        };
        let key = self.provisioner.look_at(&new.hash).await?;
        // Otherwise it was done already, or somebody has given it a limit meanwhile, who knows better.
        if is_same_limit(key.limit, from) {
            self.set_limit(new, to).await?;
        }
        Ok(Some(record))
    }

    /// If the rotation before this one waits for the next window alone, and that has begun, the full limit comes first: what
    /// is left would be counted from the remainder, and shrink each time.
    pub(super) async fn end_remainder(&self, log: &mut Log<'_, L>) -> Result<(), Error> {
        let Some(before) = log.history().turnover.clone() else {
            return Ok(());
        };
        if let Some(new) = &before.new
            && let Some(restored) = self.settle_limit(&before, new).await?
        {
            log.append(restored, None).await?;
        }
        let before = log.history().turnover.as_ref();
        match before.and_then(|before| self.end_of_window(before)) {
            None => log.append(Record::Rotated {}, None).await,
            Some(end)
                if self.remaining_only
                    && end - self.provisioner.longest_delay_of_day() <= self.now() =>
            {
                Err(refused(format!(
                    "the window of the limit ends about now, so that nobody knows what remains: do the same again after {end}"
                )))
            }
            Some(_) => Ok(()),
        }
    }

    fn is_window_over(&self, turnover: &Turnover) -> bool {
        let end = self.end_of_window(turnover);
        end.is_some_and(|end| end <= self.now())
    }

    /// Nothing new is spent with the old key any more: now it is known what is left, but for what is booked late. It is
    /// written down before the limit is set, so that a repetition sets the same.
    async fn what_remains(
        &self,
        turnover: &Turnover,
        new: &Held,
        full_limit: f64,
    ) -> Result<Record, Error> {
        let (now, delay) = (self.now(), self.provisioner.longest_delay_of_day());
        let old = match self.provisioner.look_at(&turnover.old.hash).await {
            Ok(old) => Some(old),
            // Somebody has removed it: what was left when this began is the best that is known.
            Err(error) if error.kind() == ErrorKind::KeyGone => None,
            Err(error) => return Err(error),
        };
        let left = old.as_ref().and_then(|old| old.limit_remaining);
        let left = left.or(turnover.request.limit).unwrap_or(full_limit);
        let reset = self.provisioner.look_at(&new.hash).await?.limit_reset;
        Ok(Record::Trimming {
            limit: whole_micros(left).max(LEAST).min(full_limit),
            // A clock that is ahead sees the next window first, and would take its end for that of this one.
            until: reset.and_then(|reset| end_of_window(&reset, now - delay)),
        })
    }

    async fn set_limit(&self, new: &Held, usd: f64) -> Result<(), Error> {
        let update = self.provisioner.client().update(&new.hash).limit(usd);
        let changed = update.send().await;
        changed
            .map(drop)
            .map_err(|error| Error::client("setting the new key's limit", error).of_key(&new.hash))
    }
}

/// When the window that has this time in it ends: at midnight UTC, weeks on Sunday, by the API's description of
/// `limit_reset`.
fn end_of_window(reset: &LimitReset, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let today = time.date_naive();
    let day: NaiveDate = match reset {
        LimitReset::Daily => today.checked_add_days(Days::new(1))?,
        LimitReset::Weekly => {
            let days = 7 - today.weekday().num_days_from_monday();
            today.checked_add_days(Days::new(days.into()))?
        }
        LimitReset::Monthly => today.with_day(1)?.checked_add_months(Months::new(1))?,
        _ => return None,
    };
    Some(day.and_time(NaiveTime::MIN).and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_end_at_midnight_utc() {
        for (reset, time, end) in [
            (LimitReset::Daily, "2026-12-31T23:59:59Z", "2027-01-01"),
            (LimitReset::Daily, "2026-11-21T00:00:00Z", "2026-11-22"),
            (LimitReset::Weekly, "2026-11-21T12:00:00Z", "2026-11-23"),
            (LimitReset::Weekly, "2026-11-23T00:00:00Z", "2026-11-30"),
            (LimitReset::Monthly, "2026-01-31T12:00:00Z", "2026-02-01"),
            (LimitReset::Monthly, "2026-12-01T00:00:00Z", "2027-01-01"),
        ] {
            let time = time.parse().expect("a time");
            let found = end_of_window(&reset, time).expect("it is known");
            assert_eq!(
                found.to_rfc3339(),
                format!("{end}T00:00:00+00:00"),
                "{reset:?}"
            );
        }
        assert!(end_of_window(&LimitReset::from("hourly"), Utc::now()).is_none());
    }
}
