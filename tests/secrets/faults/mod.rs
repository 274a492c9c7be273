//! Whatever can go wrong, case by case, and what must come of it. The numbers are those of the catalogue that the
//! project keeps beside its design.

mod body;
mod cancellation;
mod configuration;
mod connect;
mod exchange;
mod expect;
mod headers;
mod injection;
mod json;
mod leaks;
mod listing;
mod semantics;
mod status;
mod tls;

use std::any::Any;
use std::pin::Pin;

use crate::capture;
use crate::support::find;

/// One row of the table.
struct Case {
    number: &'static str,
    what: &'static str,
    /// Panics if it is not as expected.
    check: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// A row: its number, what goes wrong, and a check that panics unless the right thing comes of it.
fn case(
    number: &'static str,
    what: &'static str,
    check: impl Future<Output = ()> + Send + 'static,
) -> Case {
    Case {
        number,
        what,
        check: Box::pin(check),
    }
}

/// What came of a row.
struct Checked {
    number: &'static str,
    what: &'static str,
    /// Why it is not as expected.
    wrong: Option<String>,
}

#[test]
fn every_case_of_the_catalogue() {
    let mut checked = Vec::new();
    let captured = capture::during(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        checked = runtime.block_on(every_case());
    });
    // Whatever the others made anybody log. With HTTP/2 it is in `logs.rs`, and that a leak would be found.
    let silent = ["hyper_util", "openrouter_keys", "reqwest", "rustls"]
        .into_iter()
        .find(|name| !captured.crates.contains(*name))
        .map(|name| format!("{name} logged nothing"));
    let leak = find(&captured.text).map(|part| format!("`{part}` was logged"));
    checked.push(Checked {
        number: "71",
        what: "TRACE events of the whole stack",
        wrong: leak.or(silent),
    });

    let catalogue = catalogue();
    checked.sort_by_key(|case| catalogue.iter().position(|number| number == case.number));
    let numbers: Vec<_> = checked.iter().map(|case| case.number).collect();
    assert_eq!(numbers, catalogue, "each case has one row");
    let unexpected: Vec<_> = checked
        .iter()
        .filter_map(|case| {
            let Checked {
                number,
                what,
                wrong,
            } = case;
            Some(format!("{number} ({what}): {}", wrong.as_ref()?))
        })
        .collect();
    let (count, unexpected_count) = (checked.len(), unexpected.len());
    println!(
        "faults: {count} cases, {} as expected",
        count - unexpected_count
    );
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
}

/// All rows but 71, side by side: some wait, in real time, for a connection that does not come about.
async fn every_case() -> Vec<Checked> {
    let running: Vec<_> = [
        connect::cases(),
        tls::cases(),
        exchange::cases(),
        body::cases(),
        status::cases(),
        headers::cases(),
        json::cases(),
        semantics::cases(),
        listing::cases(),
        cancellation::cases(),
        injection::cases(),
        leaks::cases(),
        configuration::cases(),
    ]
    .into_iter()
    .flatten()
    .map(|case| (case.number, case.what, tokio::spawn(case.check)))
    .collect();
    let mut checked = Vec::new();
    for (number, what, check) in running {
        let wrong = check.await.err().map(|error| {
            let panic = error.try_into_panic();
            panic.map_or_else(|_| "it was cancelled".to_owned(), message)
        });
        checked.push(Checked {
            number,
            what,
            wrong,
        });
    }
    checked
}

/// The numbers of all cases.
fn catalogue() -> Vec<String> {
    let mut numbers = Vec::new();
    for number in 1..=78 {
        numbers.push(number.to_string());
        if number == 37 {
            numbers.extend(["37a".to_owned(), "37b".to_owned()]);
        }
    }
    numbers
}

/// What a panic said.
fn message(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic
            .downcast_ref::<&str>()
            .map_or_else(|| "a panic".to_owned(), |text| (*text).to_owned()),
    }
}
