//! `Client::from_env`, in a process of its own for each environment.

use tokio::task::spawn_blocking;

use crate::support::{Scripted, error, print_from_env as with, run_from_env as run};

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

/// Whoever sets the environment could read along: that takes a word of the program itself.
#[tokio::test]
async fn a_proxy_in_the_environment_is_used_only_when_it_is_asked_for() {
    // Bound and not listening: a call that goes there itself ends at once.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = socket.local_addr().unwrap();
    for (scheme, asked) in [
        ("http", format!("http://{nobody}/api/v1/key")),
        ("https", nobody.to_string()),
    ] {
        let base_url = format!("{scheme}://{nobody}/api/v1");
        for variable in ["ALL_PROXY", "all_proxy", "SCHEME_PROXY", "scheme_proxy"] {
            let proxy = Scripted::start([error(403, "no")]).await;
            let address = proxy.base_url().replace("/api/v1", "");
            let variable = match variable {
                "SCHEME_PROXY" => format!("{}_PROXY", scheme.to_uppercase()),
                "scheme_proxy" => format!("{scheme}_proxy"),
                all => all.to_owned(),
            };
            let call = |argument: &'static str| {
                let (variable, address) = (variable.clone(), address.clone());
                let base_url = base_url.clone();
                spawn_blocking(move || {
                    run(
                        &[argument],
                        &[("OPENROUTER_BASE_URL", &base_url), (&variable, &address)],
                    )
                })
            };
            let printed = call("call").await.unwrap();
            assert!(printed.contains("could not connect"), "{printed}");
            assert!(proxy.requests().is_empty(), "{variable} was used");

            call("call-by-proxy").await.unwrap();
            assert_eq!(proxy.only_request().target, asked, "{variable}");
        }
    }
}
