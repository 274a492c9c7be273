//! `Client::from_env`, in a process of its own for each environment.

use crate::support::print_from_env as with;

const BASE: (&str, &str) = ("OPENROUTER_BASE_URL", "http://127.0.0.1:1/api/v1/");
const CLIENT: &str = r#"Client { base_url: "http://127.0.0.1:1/api/v1", .. }"#;

#[test]
fn either_variable_gives_the_key() {
    assert_eq!(
        with(&[("OPENROUTER_MANAGEMENT_KEY", "canary"), BASE]),
        CLIENT
    );
    assert_eq!(with(&[("OPENROUTER_API_KEY", "canary"), BASE]), CLIENT);
    let both = [
        ("OPENROUTER_MANAGEMENT_KEY", ""),
        ("OPENROUTER_API_KEY", "canary"),
        BASE,
    ];
    assert_eq!(with(&both), CLIENT);
}

#[test]
fn the_management_key_comes_first() {
    // The one that is not valid is the one that is used.
    let printed = with(&[
        ("OPENROUTER_MANAGEMENT_KEY", "can ary"),
        ("OPENROUTER_API_KEY", "b"),
        BASE,
    ]);
    assert_eq!(
        printed,
        "invalid `OPENROUTER_MANAGEMENT_KEY`: must be visible ASCII characters without white space"
    );
    let printed = with(&[("OPENROUTER_API_KEY", "canary\n"), BASE]);
    assert!(
        printed.starts_with("invalid `OPENROUTER_API_KEY`: must "),
        "{printed}"
    );
}

#[test]
fn without_a_key_the_error_names_the_variables() {
    for variables in [&[][..], &[("OPENROUTER_MANAGEMENT_KEY", ""), BASE]] {
        let printed = with(variables);
        assert!(printed.contains("OPENROUTER_MANAGEMENT_KEY"), "{printed}");
        assert!(printed.contains("OPENROUTER_API_KEY"), "{printed}");
    }
}

#[test]
fn a_base_url_that_would_show_the_key_is_refused() {
    let printed = with(&[
        ("OPENROUTER_API_KEY", "canary"),
        ("OPENROUTER_BASE_URL", "http://openrouter.ai/api/v1"),
    ]);
    assert!(
        printed.starts_with("invalid `OPENROUTER_BASE_URL`: must be https"),
        "{printed}"
    );
}
