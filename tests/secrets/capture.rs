//! Everything that any crate in this process logs, at whatever level, by either of the two ways there are.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// What was logged since the capture began, or since it was last taken.
pub(crate) struct Captured {
    /// The crates that said something.
    pub(crate) crates: BTreeSet<String>,
    /// All of it: for each line the target, and every field with its value.
    pub(crate) text: String,
}

/// More than this is not kept. Whoever takes it is told.
const MOST_BYTES: usize = 64 << 20;

static CAPTURED: Mutex<Captured> = Mutex::new(Captured {
    crates: BTreeSet::new(),
    text: String::new(),
});

/// What is logged while this runs, by it and by whatever else runs meanwhile.
///
/// One at a time, so that what one of them lets slip on purpose is not found by another.
pub(crate) fn during(work: impl FnOnce()) -> Captured {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    begin();
    take();
    work();
    take()
}

/// Begins to listen. It never ends: a process has one logger.
fn begin() {
    static BEGUN: OnceLock<()> = OnceLock::new();
    BEGUN.get_or_init(|| {
        tracing::subscriber::set_global_default(Everything).expect("nobody else listens");
        log::set_logger(&Everything).expect("nobody else listens");
        log::set_max_level(log::LevelFilter::Trace);
    });
}

/// What was logged so far. The next capture begins with nothing.
fn take() -> Captured {
    let mut captured = captured();
    assert!(
        captured.text.len() < MOST_BYTES,
        "too much was logged to keep it all"
    );
    let nothing = Captured {
        crates: BTreeSet::new(),
        text: String::new(),
    };
    std::mem::replace(&mut captured, nothing)
}

fn captured() -> MutexGuard<'static, Captured> {
    CAPTURED.lock().expect("nothing panics while it holds this")
}

fn keep(target: &str, line: &str) {
    let mut captured = captured();
    let crate_name = target.split("::").next().unwrap_or(target);
    captured.crates.insert(crate_name.to_owned());
    if captured.text.len() < MOST_BYTES {
        writeln!(captured.text, "{target}: {line}").expect("writing to a String does not fail");
    }
}

struct Everything;

impl log::Log for Everything {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        keep(record.target(), &record.args().to_string());
    }

    fn flush(&self) {}
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut line = Line(attributes.metadata().name().to_owned());
        attributes.record(&mut line);
        keep(attributes.metadata().target(), &line.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line::default();
        values.record(&mut line);
        keep("", &line.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        keep(event.metadata().target(), &line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").expect("writing to a String does not fail");
    }
}
