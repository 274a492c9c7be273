//! A subscriber that keeps what this crate says, and leaves out what is beneath it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};

/// Clones share what they collect.
#[derive(Clone, Default)]
pub(crate) struct Collector(Arc<Mutex<Collected>>);

#[derive(Default)]
struct Collected {
    /// Level, name and fields of each span, in the order in which they were recorded.
    spans: Vec<Span>,
    /// The spans that were entered and not left.
    inside: Vec<u64>,
    events: Vec<(Option<u64>, String)>,
}

struct Span {
    fields: Vec<String>,
    handles: usize,
}

impl Collector {
    /// Collects what is said on this thread, until the guard is dropped.
    ///
    /// Somebody listens to the whole process all the time: without that, tracing may take it from another thread, where
    /// nobody does, that nobody is interested in an event.
    pub(crate) fn install(&self) -> DefaultGuard {
        static SOMEBODY: Once = Once::new();
        SOMEBODY.call_once(|| {
            tracing::subscriber::set_global_default(Somebody).expect("nobody else listens");
        });
        tracing::subscriber::set_default(self.clone())
    }

    /// The spans that are over.
    pub(crate) fn closed_spans(&self) -> Vec<Vec<String>> {
        let collected = self.lock();
        let closed = collected.spans.iter().filter(|span| span.handles == 0);
        closed.map(|span| span.fields.clone()).collect()
    }

    /// All events, each on a line.
    pub(crate) fn events(&self) -> Vec<String> {
        let collected = self.lock();
        collected
            .events
            .iter()
            .map(|(_, event)| event.clone())
            .collect()
    }

    pub(crate) fn events_by_span(&self) -> Vec<Vec<String>> {
        let mut by_span = BTreeMap::<_, Vec<_>>::new();
        for (span, event) in &self.lock().events {
            by_span.entry(*span).or_default().push(event.clone());
        }
        by_span.into_values().collect()
    }

    pub(crate) fn is_inside(&self) -> bool {
        !self.lock().inside.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Collected> {
        self.0.lock().expect("no test panics while it holds this")
    }
}

impl Collected {
    fn span(&mut self, id: &Id) -> &mut Span {
        let index = usize::try_from(id.into_u64()).expect("it is an index and one");
        &mut self.spans[index - 1]
    }
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "openrouter_keys"
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let metadata = attributes.metadata();
        let mut fields = Fields(vec![format!("{} {}", metadata.level(), metadata.name())]);
        attributes.record(&mut fields);
        let mut collected = self.lock();
        collected.spans.push(Span {
            fields: fields.0,
            handles: 1,
        });
        Id::from_u64(collected.spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        self.lock().span(span).fields.append(&mut fields.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = event.metadata().level().to_string();
        for field in fields.0 {
            write!(line, " {field}").expect("writing to a String does not fail");
        }
        let mut collected = self.lock();
        let span = collected.inside.last().copied();
        collected.events.push((span, line));
    }

    fn enter(&self, span: &Id) {
        self.lock().inside.push(span.into_u64());
    }

    fn exit(&self, span: &Id) {
        let left = self.lock().inside.pop();
        assert_eq!(left, Some(span.into_u64()), "spans are left as they nest");
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.lock().span(span).handles += 1;
        span.clone()
    }

    fn try_close(&self, span: Id) -> bool {
        let mut collected = self.lock();
        let span = collected.span(&span);
        span.handles -= 1;
        span.handles == 0
    }
}

/// Listens to everything, and keeps nothing.
struct Somebody;

impl Subscriber for Somebody {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Each field with its value as the type of the value writes it; the message without its name.
#[derive(Default)]
struct Fields(Vec<String>);

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.push(format!("{field}={value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push(format!("{field}={value:?}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Whatever has no type of its own would arrive as text at those who export it.
        assert_eq!(field.name(), "message");
        self.0.push(format!("{value:?}"));
    }
}
