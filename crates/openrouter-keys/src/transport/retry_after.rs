//! What a server asks for in `Retry-After`.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use http::{HeaderMap, StatusCode, header};

/// The longest wait that the server may ask for and get. A longer one is the caller's to decide.
pub(super) const LONGEST: Duration = Duration::from_secs(60);
/// A server that says "at once", or names a time gone by, still gets a moment.
pub(super) const SHORTEST: Duration = Duration::from_millis(100);

/// What the server gets of the wait that it asks for.
pub(super) fn granted(asked: Duration) -> Option<Duration> {
    (asked <= LONGEST).then(|| asked.max(SHORTEST))
}

/// What the server asks for, on the statuses where it means something: seconds, or a date, which counts from the
/// server's own `Date` so that a wrong clock here does no harm. Without a `Date`, it counts from `now`.
pub(super) fn asked(
    status: StatusCode,
    headers: &HeaderMap,
    now: impl FnOnce() -> DateTime<Utc>,
) -> Option<Duration> {
    let asks = status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE;
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !asks || text.is_empty() {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that does not fit is longer than anybody waits.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = http_date(text)?;
    let now = headers
        .get(header::DATE)
        .and_then(|date| http_date(date.to_str().ok()?))
        .unwrap_or_else(now);
    Some((until - now).to_std().unwrap_or(Duration::ZERO))
}

/// A date in one of the three forms that RFC 9110 has, section 5.6.7.
fn http_date(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(date) = DateTime::parse_from_rfc2822(text) {
        return Some(date.to_utc());
    }
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|date| date.and_utc())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{DateTime, Utc};
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::{asked, granted};

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    #[test]
    fn every_form() {
        const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        let cases = [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("007", Some(7)),
            ("3600", Some(3600)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:49:27 GMT", Some(0)),
            ("Sunday, 06-Nov-94 08:49:47 GMT", Some(10)),
            ("Sun Nov  6 08:49:47 1994", Some(10)),
            ("Mon Nov 14 08:49:37 1994", Some(8 * 24 * 3600)),
            ("Wed, 06 Nov 1994 08:49:47 GMT", None),
            ("Sun, 06 Nov 1994", None),
            ("soon", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("1 s", None),
            ("", None),
        ];
        for (text, seconds) in cases {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", HeaderValue::from_static(text));
            headers.insert("date", HeaderValue::from_static(NOW));
            let read = |status| asked(status, &headers, now);
            let seconds = seconds.map(Duration::from_secs);
            assert_eq!(read(StatusCode::TOO_MANY_REQUESTS), seconds, "{text:?}");
            assert_eq!(read(StatusCode::SERVICE_UNAVAILABLE), seconds, "{text:?}");
            assert_eq!(read(StatusCode::BAD_REQUEST), None);
        }
    }

    #[test]
    fn without_the_servers_date_ours_counts() {
        for date in [None, Some("yesterday")] {
            let mut headers = HeaderMap::new();
            let until = HeaderValue::from_static("Thu, 01 Jan 1970 00:00:30 GMT");
            headers.insert("retry-after", until);
            if let Some(date) = date {
                headers.insert("date", HeaderValue::from_static(date));
            }
            let read = asked(StatusCode::TOO_MANY_REQUESTS, &headers, now);
            assert_eq!(read, Some(Duration::from_secs(30)));
        }
    }

    #[test]
    fn a_wait_is_neither_nothing_nor_longer_than_a_minute() {
        let seconds = Duration::from_secs;
        assert_eq!(granted(Duration::ZERO), Some(Duration::from_millis(100)));
        assert_eq!(granted(seconds(7)), Some(seconds(7)));
        assert_eq!(granted(seconds(60)), Some(seconds(60)));
        assert_eq!(granted(seconds(61)), None);
        assert_eq!(granted(Duration::MAX), None);
    }
}
