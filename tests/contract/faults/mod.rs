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
mod semantics;
mod status;

use std::any::Any;
use std::pin::Pin;

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

#[tokio::test]
async fn every_case_of_the_catalogue() {
    let mut cases: Vec<_> = [
        connect::cases(),
        exchange::cases(),
        body::cases(),
        status::cases(),
        headers::cases(),
        json::cases(),
        semantics::cases(),
        cancellation::cases(),
        injection::cases(),
        leaks::cases(),
        configuration::cases(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let catalogue = catalogue();
    cases.sort_by_key(|case| catalogue.iter().position(|number| number == case.number));
    let numbers: Vec<_> = cases.iter().map(|case| case.number).collect();

    // Side by side: some wait, in real time, for a connection that does not come about.
    let running: Vec<_> = cases
        .into_iter()
        .map(|case| (case.number, case.what, tokio::spawn(case.check)))
        .collect();
    let count = running.len();
    let mut unexpected = Vec::new();
    for (number, what, check) in running {
        if let Err(error) = check.await {
            let why = error
                .try_into_panic()
                .map_or_else(|_| "it was cancelled".to_owned(), message);
            unexpected.push(format!("{number} ({what}): {why}"));
        }
    }
    println!(
        "faults: {count} cases, {} as expected",
        count - unexpected.len()
    );
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
    assert_eq!(numbers, catalogue, "each case has one row");
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
