//! Times as the service writes them.

use std::fmt;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

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
    if let Some(time) = usual(text.as_bytes()) {
        return Ok(time);
    }
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

/// A time as the service writes it, `2025-08-24T10:30:00.363244+00:00`: with up to nine digits of a fraction, in UTC, and
/// not in a leap second. Each key has three or four of them, and reading all of ISO 8601 would be a sixth of what a listing
/// costs.
fn usual(text: &[u8]) -> Option<DateTime<Utc>> {
    let (head, rest) = text.split_first_chunk::<19>()?;
    let [
        c0,
        c1,
        y0,
        y1,
        b'-',
        m0,
        m1,
        b'-',
        d0,
        d1,
        b'T',
        h0,
        h1,
        b':',
        i0,
        i1,
        b':',
        s0,
        s1,
    ] = *head
    else {
        return None;
    };
    let digits = [c0, c1, y0, y1, m0, m1, d0, d1, h0, h1, i0, i1, s0, s1];
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (nanos, offset) = match rest {
        [b'.', rest @ ..] => fraction(rest)?,
        rest => (0, rest),
    };
    if !matches!(offset, b"Z" | b"+00:00") {
        return None;
    }
    let two = |tens: u8, ones: u8| u32::from(tens - b'0') * 10 + u32::from(ones - b'0');
    let year = i32::try_from(100 * two(c0, c1) + two(y0, y1)).ok()?;
    let date = NaiveDate::from_ymd_opt(year, two(m0, m1), two(d0, d1))?;
    let time = date.and_hms_nano_opt(two(h0, h1), two(i0, i1), two(s0, s1), nanos)?;
    Some(time.and_utc())
}

/// The nanoseconds that the digits at the beginning of `text` are, at least one and at most nine, and what follows them.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let mut nanos = 0;
    let mut worth = 1_000_000_000;
    let mut rest = text;
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        worth /= 10;
        nanos += u32::from(digit - b'0') * worth;
        rest = after;
        if worth == 1 {
            break;
        }
    }
    (rest.len() < text.len()).then_some((nanos, rest))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{time, usual};

    #[test]
    fn the_usual_form_is_read_as_any_other() {
        let usual_forms = [
            "2025-08-24T10:30:00Z",
            "2025-08-24T10:30:00+00:00",
            "2025-08-24T10:30:00.363244+00:00",
            "2024-02-29T23:59:59.9Z",
            "0000-01-01T00:00:00.000000001Z",
            "9999-12-31T23:59:59.999999999+00:00",
        ];
        for text in usual_forms {
            let known = DateTime::parse_from_rfc3339(text).unwrap();
            assert_eq!(usual(text.as_bytes()), Some(known.to_utc()), "{text}");
        }
        // Every text that differs in one byte is left to chrono, or read as chrono reads it.
        for text in usual_forms {
            for (place, byte) in (0..text.len()).flat_map(|at| (0..128).map(move |byte| (at, byte)))
            {
                let mut other = text.as_bytes().to_vec();
                other[place] = byte;
                let other = String::from_utf8(other).unwrap();
                if let Some(read) = usual(other.as_bytes()) {
                    let known = DateTime::parse_from_rfc3339(&other).unwrap();
                    assert_eq!(read, known.to_utc(), "{other}");
                }
            }
        }
    }

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
