//! Times as the service writes them.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

/// A field of an answer that has the right JSON type and a value that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Odd {
    pub(crate) field: &'static str,
    pub(crate) expected: &'static str,
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not {}", self.field, self.expected)
    }
}

/// A time as the service wants it: UTC, with seconds, ending with `Z`.
pub(crate) fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// An ISO 8601 time. The service was seen to end it with `Z` and with `+00:00`; any offset is understood.
pub(super) fn time(field: &'static str, text: &str) -> Result<DateTime<Utc>, Odd> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|_| Odd {
            field,
            expected: "an ISO 8601 time with an offset",
        })
}

pub(super) fn optional_time(
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<DateTime<Utc>>, Odd> {
    text.map(|text| time(field, text)).transpose()
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn both_ways_of_writing_utc_are_one_time() {
        let z = time("created_at", "2025-08-24T10:30:00Z").unwrap();
        assert_eq!(z, time("created_at", "2025-08-24T10:30:00+00:00").unwrap());
        assert_eq!(z, time("created_at", "2025-08-24T12:30:00+02:00").unwrap());
        let micros = time("created_at", "2025-08-24T10:30:00.363244+00:00").unwrap();
        assert_eq!(micros.timestamp_subsec_micros(), 363_244);
    }

    #[test]
    fn what_is_no_time_names_its_field() {
        for text in ["", "yesterday", "2025-08-24", "2025-08-24T10:30:00", "0"] {
            assert_eq!(time("created_at", text).unwrap_err().field, "created_at");
        }
    }
}
