//! Writing JSON to memory, without what a general serializer does for each field: a listing has thousands of them.

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};

/// What can be written as JSON.
pub(crate) trait Json {
    /// Appends it.
    fn write(&self, out: &mut Vec<u8>);
}

/// Appends an object, whose names need no escapes.
macro_rules! object {
    ($out:ident, $first:literal: $value:expr $(, $name:literal: $others:expr)* $(,)?) => {
        $out.extend_from_slice(concat!("{\"", $first, "\":").as_bytes());
        $crate::json::Json::write(&$value, $out);
        $(
            $out.extend_from_slice(concat!(",\"", $name, "\":").as_bytes());
            $crate::json::Json::write(&$others, $out);
        )*
        $out.push(b'}');
    };
}
pub(crate) use object;

impl Json for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl<T: Json> Json for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

impl Json for &str {
    fn write(&self, out: &mut Vec<u8>) {
        let has_escapes = self
            .bytes()
            .any(|byte| matches!(byte, ..b' ' | b'"' | b'\\'));
        if has_escapes {
            serde_json::to_writer(out, self).expect("text has a JSON form, and memory takes it");
        } else {
            out.push(b'"');
            out.extend_from_slice(self.as_bytes());
            out.push(b'"');
        }
    }
}

impl Json for DateTime<Utc> {
    /// As RFC 3339 has it, with as many groups of three decimals as it takes.
    fn write(&self, out: &mut Vec<u8>) {
        let time = self.naive_utc();
        let Some(year) = u32::try_from(time.year()).ok().filter(|year| *year <= 9999) else {
            return serde_json::to_writer(out, self)
                .expect("any time has a JSON form, and memory takes it");
        };
        let mut text = *b"\"0000-00-00T00:00:00.000000000Z\"";
        digits(&mut text[1..5], year);
        digits(&mut text[6..8], time.month());
        digits(&mut text[9..11], time.day());
        digits(&mut text[12..14], time.hour());
        digits(&mut text[15..17], time.minute());
        // A leap second is one whose nanoseconds go on.
        let nanoseconds = time.nanosecond();
        digits(
            &mut text[18..20],
            time.second() + nanoseconds / 1_000_000_000,
        );
        let fraction = nanoseconds % 1_000_000_000;
        digits(&mut text[21..30], fraction);
        let decimals = match fraction {
            0 => 20,
            _ if fraction.is_multiple_of(1_000_000) => 24,
            _ if fraction.is_multiple_of(1000) => 27,
            _ => 30,
        };
        out.extend_from_slice(&text[..decimals]);
        out.extend_from_slice(b"Z\"");
    }
}

/// Writes a number into all of these places.
fn digits(places: &mut [u8], mut number: u32) {
    for place in places.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Writes the lowercase hexadecimal digits of these bytes into as many places.
pub(crate) fn hex(bytes: &[u8], places: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";

    for (byte, pair) in bytes.iter().zip(places.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use chrono::{DateTime, Utc};
    use serde::Serialize;

    use super::Json;
    use crate::credential::Digest;
    use crate::usage::LimitReset;
    use crate::usd::Usd;
    use crate::workspace::WorkspaceId;

    /// A general serializer writes the same.
    fn check(value: &(impl Json + Serialize), of: impl Debug) {
        let mut out = Vec::new();
        value.write(&mut out);
        let expected = serde_json::to_string(value).expect("it has a JSON form");
        assert_eq!(String::from_utf8_lossy(&out), expected, "{of:?}");
    }

    /// Different digests for different numbers, and the same ones in every run.
    fn any(number: u64) -> (Digest, [u64; 4]) {
        let digest = Digest::of(number.to_be_bytes());
        let text = digest.to_string();
        let part = |place: usize| {
            u64::from_str_radix(&text[16 * place..][..16], 16).expect("hexadecimal digits")
        };
        (digest, [part(0), part(1), part(2), part(3)])
    }

    #[test]
    fn times_are_written_as_chrono_writes_them() {
        // From the year -1000 to the year 12000, and most of them in years of four digits.
        const FIRST: i64 = -93_725_000_000;
        const SECONDS: u64 = 410_220_000_000;

        for number in 0..20_000 {
            let (_, [second, nanoseconds, unit, _]) = any(number);
            let second = FIRST + i64::try_from(second % SECONDS).expect("a small number");
            let nanoseconds = u32::try_from(nanoseconds % 1_000_000_000).expect("a small number");
            let unit = [1, 1000, 1_000_000, 1_000_000_000][usize::try_from(unit % 4).unwrap_or(0)];
            let time = DateTime::from_timestamp(second, nanoseconds / unit * unit);
            check(&time.expect("a time"), number);
        }
        for text in [
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999999999Z",
            "+10000-01-01T00:00:00Z",
            "-0001-12-31T23:59:59Z",
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60.5Z",
            "2026-02-28T23:59:59.000001Z",
        ] {
            check(&text.parse::<DateTime<Utc>>().expect("a time"), text);
        }
    }

    #[test]
    fn text_is_escaped_where_it_must_be() {
        check(&"", "nothing");
        for character in ('\0'..='\u{17f}').chain(['\u{2028}', '\u{fffd}', '\u{1f511}']) {
            for text in [
                character.to_string(),
                format!("{character}before"),
                format!("after{character}"),
            ] {
                check(&text.as_str(), &text);
            }
        }
    }

    #[test]
    fn everything_else_is_written_as_usual() {
        for number in 0..1000 {
            let (digest, [high, low, amount, _]) = any(number);
            check(&digest, number);
            let name = format!("{high:016x}{low:016x}");
            let groups = [
                &name[..8],
                &name[8..12],
                &name[12..16],
                &name[16..20],
                &name[20..],
            ];
            let workspace = WorkspaceId::parse(&groups.join("-")).expect("a UUID");
            check(&workspace, number);
            check(&Usd::limit(f64::from_bits(amount >> 2)), number);
            check(
                &Usd::whole(u32::try_from(number).expect("a small number")),
                number,
            );
        }
        check(&(Usd::ZERO - Usd::whole(20)), "overdrawn");
        check(&(Usd::ZERO - Usd::ZERO), "nothing");
        for reset in [LimitReset::Daily, LimitReset::Weekly, LimitReset::Monthly] {
            check(&Some(reset), reset);
        }
        check(&None::<Usd>, "none");
        check(&true, true);
        check(&false, false);
    }
}
