//! A document's text with its mappings in another order.

use serde_json::Value;

/// A document as JSON, its objects in an order that a seed gives.
pub(super) struct Shuffle(pub(super) u64);

impl Shuffle {
    pub(super) fn text(&mut self, value: &Value) -> String {
        match value {
            Value::Object(map) => {
                let mut members: Vec<_> = map
                    .iter()
                    .map(|(name, value)| {
                        format!("{}: {}", Value::from(name.as_str()), self.text(value))
                    })
                    .collect();
                for last in (1..members.len()).rev() {
                    members.swap(last, self.below(last + 1));
                }
                format!("{{{}}}", members.join(", "))
            }
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| self.text(item)).collect();
                format!("[{}]", items.join(", "))
            }
            other => other.to_string(),
        }
    }

    /// Knuth's linear congruential generator is random enough to shuffle with.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}
