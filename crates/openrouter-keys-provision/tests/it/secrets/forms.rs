//! The forms that a value can be printed in besides `Debug`. The tests of the facade have this file too.

use std::fmt::Display;

use serde::Serialize;

/// Finds out whether a type has `Display` and `Serialize`: a method of the value itself is preferred to one of a reference to
/// it, where there is one.
pub(crate) struct Of<'a, T>(pub(crate) &'a T);

pub(crate) trait HasDisplay {
    fn display(&self) -> Option<String>;
}
impl<T: Display> HasDisplay for Of<'_, T> {
    fn display(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}
pub(crate) trait NoDisplay {
    fn display(&self) -> Option<String> {
        None
    }
}
impl<T> NoDisplay for &Of<'_, T> {}

pub(crate) trait HasSerialize {
    fn json(&self) -> Option<String>;
}
impl<T: Serialize> HasSerialize for Of<'_, T> {
    fn json(&self) -> Option<String> {
        Some(serde_json::to_string(self.0).expect("it has a form in JSON"))
    }
}
pub(crate) trait NoSerialize {
    fn json(&self) -> Option<String> {
        None
    }
}
impl<T> NoSerialize for &Of<'_, T> {}

#[test]
fn what_a_type_has_is_seen() {
    #[derive(Debug)]
    struct Nothing;
    macro_rules! seen {
        ($value:expr) => {
            ((&Of($value)).display(), (&Of($value)).json())
        };
    }
    assert_eq!(seen!(&Nothing), (None, None));
    let one = || Some("1".to_owned());
    assert_eq!(seen!(&1), (one(), one()));
    assert_eq!(seen!(&[1]), (None, Some("[1]".to_owned())));
}
