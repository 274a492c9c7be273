//! Differences as lines for people and as JSON for programs.

use serde_json::{Value, json};

use super::{Aspect, Change, Difference, Kind};

/// One line for each difference, and a last line that counts them.
pub(crate) fn as_text(differences: &[Difference]) -> String {
    let mut lines: Vec<String> = differences.iter().map(Difference::line).collect();
    let breaking = differences.iter().filter(|one| one.breaking).count();
    lines.push(match differences.len() {
        0 => "no difference".to_owned(),
        1 => format!("1 difference, {breaking} breaking"),
        many => format!("{many} differences, {breaking} breaking"),
    });
    lines.join("\n") + "\n"
}

/// A list of objects, one for each difference. A member that does not apply is null.
pub(crate) fn as_json(differences: &[Difference]) -> Value {
    differences.iter().map(Difference::json).collect()
}

impl Difference {
    fn effect(&self) -> &'static str {
        if self.breaking {
            "breaking"
        } else {
            "compatible"
        }
    }

    fn line(&self) -> String {
        let words: Vec<_> = [self.operation.as_deref(), Some(&*self.subject)]
            .into_iter()
            .flatten()
            .filter(|words| !words.is_empty())
            .collect();
        format!(
            "{:<10}  {}: {}  ({})",
            self.effect(),
            words.join(" "),
            self.what(),
            self.at
        )
    }

    /// What happened, without where.
    pub(crate) fn what(&self) -> String {
        let from = self.from.as_deref().unwrap_or("none");
        let to = self.to.as_deref().unwrap_or("none");
        let detail = |words: &Option<String>| match words {
            Some(words) => format!(": {words}"),
            None => String::new(),
        };
        match self.change {
            Change::Added => format!("added{}", detail(&self.to)),
            Change::Removed => format!("removed{}", detail(&self.from)),
            Change::ValueAdded => format!("value added{}", detail(&self.to)),
            Change::ValueRemoved => format!("value removed{}", detail(&self.from)),
            Change::Changed(Aspect::Details) => format!("changed within {to}"),
            Change::Changed(aspect) => format!("{} changed from {from} to {to}", aspect.name()),
        }
    }

    fn json(&self) -> Value {
        let (change, aspect) = match self.change {
            Change::Added => ("added", None),
            Change::Removed => ("removed", None),
            Change::Changed(aspect) => ("changed", Some(aspect.name())),
            Change::ValueAdded => ("added", Some(Aspect::Values.name())),
            Change::ValueRemoved => ("removed", Some(Aspect::Values.name())),
        };
        json!({
            "effect": self.effect(),
            "operation": self.operation,
            "subject": self.subject,
            "kind": self.kind.name(),
            "change": change,
            "aspect": aspect,
            "from": self.from,
            "to": self.to,
            "at": self.at.to_string(),
        })
    }
}

impl Aspect {
    fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Type => "type",
            Self::Nullability => "nullability",
            Self::Format => "format",
            Self::Required => "required",
            Self::Values => "enum",
            Self::Bound(keyword) => keyword,
            Self::Deprecation => "deprecation",
            Self::Details => "details",
        }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Operation => "operation",
            Self::OperationId => "operation_id",
            Self::Security => "security",
            Self::Parameter => "parameter",
            Self::Body => "body",
            Self::BodyField => "body_field",
            Self::Status => "status",
            Self::MediaType => "media_type",
            Self::ResponseField => "response_field",
        }
    }
}
