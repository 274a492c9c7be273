//! How a client is told where to go, and with what.

use openrouter_keys::Client;

use super::expect::{builder, refused};
use super::{Case, case};
use crate::support::{
    Scripted, TOKEN, Verb, VirtualClock, current_key, print_from_env, run_from_env,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("75", "no key in the environment", async {
            for variables in [&[][..], &[("OPENROUTER_MANAGEMENT_KEY", "")]] {
                let printed = print_from_env(variables);
                assert!(
                    printed.starts_with("invalid `OPENROUTER_MANAGEMENT_KEY`: must "),
                    "{printed}"
                );
            }
        }),
        case("76", "a query or a fragment in the base URL", async {
            for url in [
                "https://openrouter.ai/api/v1?canary=1",
                "https://openrouter.ai/api/v1?",
                "https://openrouter.ai/api/v1#canary",
                "https://openrouter.ai/api/v1#",
            ] {
                let own = Client::builder().management_key(TOKEN).base_url(url);
                refused("base_url", own.build());
            }
        }),
        case(
            "77",
            "a base URL with and without a slash at its end",
            slashes(),
        ),
        case("78", "a proxy in the environment", proxy()),
    ]
}

async fn slashes() {
    for verb in Verb::ALL {
        let server = Scripted::start(vec![verb.good_answer(); 3]).await;
        for slashes in ["", "/", "//"] {
            let client = builder(&server, &VirtualClock::new())
                .base_url(format!("{}{slashes}", server.base_url()))
                .build()
                .unwrap();
            verb.call(&client).await.unwrap();
        }
        let [bare, one, two] = &server.requests()[..] else {
            panic!("three requests were expected");
        };
        assert_eq!(bare.render(), one.render());
        assert_eq!(bare.render(), two.render());
    }
}

/// In a process of its own, since an environment is the whole process's.
async fn proxy() {
    let proxy = Scripted::start([]).await;
    let server = Scripted::start([current_key()]).await;
    let address = proxy.base_url().replace("/api/v1", "");
    let base_url = server.base_url();
    let printed = tokio::task::spawn_blocking(move || {
        let mut variables = vec![("OPENROUTER_BASE_URL", &*base_url)];
        for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
            variables.push((name, &address));
        }
        run_from_env(&["call"], &variables)
    });
    let printed = printed.await.unwrap();
    assert!(printed.starts_with("CurrentKey {"), "{printed}");
    assert!(proxy.requests().is_empty());
    assert_eq!(server.requests().len(), 1);
}
