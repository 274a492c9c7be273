//! The pages for people, as a program without a browser gets them. `tests/browser` has a browser look at them.

use crate::http::start;
use crate::line::visit;

/// What there is without the feature: nothing.
#[cfg(not(feature = "ui"))]
#[tokio::test]
async fn the_library_has_no_pages_unless_it_is_asked_for_them() {
    let emulator = start().await;
    for path in ["/", "/docs", "/docs/", "/openapi.yaml"] {
        for method in ["GET", "POST"] {
            let answer = visit(&emulator, method, path, "localhost").await;
            assert_eq!(answer.header("content-type"), Some("application/json"));
            answer.expect("404");
        }
    }
}

#[cfg(feature = "ui")]
mod with_them {
    use super::{start, visit};
    use crate::line::Raw;
    use openrouter_keys_emulator::Emulator;

    /// Everything that there is, and what it is.
    const PAGES: [(&str, &str); 8] = [
        ("/", "text/html; charset=utf-8"),
        ("/landing.css", "text/css; charset=utf-8"),
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/", "text/html; charset=utf-8"),
        ("/docs/explorer.js", "text/javascript; charset=utf-8"),
        ("/docs/explorer.css", "text/css; charset=utf-8"),
        ("/docs/swagger-ui.css", "text/css"),
        ("/docs/swagger-ui-bundle.js", "text/javascript"),
    ];

    async fn get(emulator: &Emulator, path: &str) -> Raw {
        visit(emulator, "GET", path, "localhost")
            .await
            .expect("200")
    }

    #[tokio::test]
    async fn a_browser_is_told_what_they_are_and_to_stay_here() {
        let emulator = start().await;
        let description = ("/openapi.yaml", "application/yaml");
        for (path, kind) in PAGES.into_iter().chain([description]) {
            let page = get(&emulator, path).await;
            assert_eq!(page.header("content-type"), Some(kind), "{path}");
            assert_eq!(page.length(), page.body.len(), "{path}");
            let policy = page.header("content-security-policy").expect("a policy");
            assert!(policy.starts_with("default-src 'self'; "), "{policy}");
            assert!(!policy.contains("unsafe"), "{policy}");
            assert!(!policy.contains('*'), "{policy}");
            assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
            assert!(!page.body.contains(emulator.management_key()), "{path}");

            let head = visit(&emulator, "HEAD", path, "localhost").await;
            assert_eq!(head.length(), page.length(), "{path}");
            assert_eq!(head.header("content-type"), Some(kind), "{path}");
            assert_eq!(head.expect("200").body, "", "{path}");

            let refused = visit(&emulator, "POST", path, "localhost").await;
            assert_eq!(refused.header("allow"), Some("get,head"), "{path}");
            assert_eq!(refused.header("content-type"), Some("application/json"));
            refused.expect("405");
        }
    }

    #[tokio::test]
    async fn what_there_is_not_gets_the_answer_that_it_gets_everywhere() {
        let emulator = start().await;
        for path in [
            "/docs/swagger-ui-bundle.js.map",
            "/docs/oauth2-redirect.html",
            "/docs/openapi.yaml",
            "/docs/../src",
            "/docs//",
            "/index.html",
        ] {
            let answer = visit(&emulator, "GET", path, "localhost").await;
            assert_eq!(answer.header("content-type"), Some("application/json"));
            let answer = answer.expect("404");
            assert!(
                answer.body.starts_with(r#"{"error":{"code":404,"#),
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn whatever_they_refer_to_is_here() {
        let emulator = start().await;
        for (path, _) in PAGES {
            // Of others, and nothing that a browser acts upon as it stands there.
            if path.starts_with("/docs/swagger-ui") {
                continue;
            }
            let page = get(&emulator, path).await.body;
            let elsewhere = page.replace("http://localhost/api/v1", "");
            assert!(!elsewhere.contains("://"), "{path}: {elsewhere}");
            assert!(!elsewhere.contains("\"//"), "{path}: {elsewhere}");
            for reference in references(&page) {
                if reference != "data:," {
                    get(&emulator, reference).await;
                }
            }
        }
        let landing = get(&emulator, "/").await.body;
        let linked: Vec<_> = references(&landing).collect();
        assert!(linked.contains(&"/docs") && linked.contains(&"/openapi.yaml"));
        let explorer = get(&emulator, "/docs").await.body;
        let loaded: Vec<_> = references(&explorer).collect();
        for (path, _) in &PAGES[4..] {
            assert!(loaded.contains(path), "{path}");
        }
        assert!(
            get(&emulator, "/docs/explorer.js")
                .await
                .body
                .contains("\"/openapi.yaml\"")
        );
    }

    /// What a page loads and links to.
    fn references(page: &str) -> impl Iterator<Item = &str> {
        let after = ["href=\"", "src=\""].map(|name| page.split(name).skip(1));
        after
            .into_iter()
            .flatten()
            .filter_map(|rest| rest.split_once('"'))
            .map(|(value, _)| value)
    }

    #[tokio::test]
    async fn the_landing_page_tells_where_the_api_is_for_whoever_asks() {
        let emulator = start().await;
        let address = emulator.local_addr().to_string();
        for (host, base_url) in [
            (&*address, emulator.base_url()),
            ("localhost", "http://localhost/api/v1"),
            ("host-2.test:81", "http://host-2.test:81/api/v1"),
            ("[::1]:4010", "http://[::1]:4010/api/v1"),
            // What could be more than a name in the page is left out.
            ("", "/api/v1"),
            ("<script>canary</script>", "/api/v1"),
            ("canary&lt;", "/api/v1"),
            ("canary@host", "/api/v1"),
            ("canary/\"", "/api/v1"),
        ] {
            let page = visit(&emulator, "GET", "/", host).await.expect("200").body;
            let told = page
                .split_once("<pre>")
                .and_then(|(_, rest)| rest.split_once("</pre>"));
            assert_eq!(told.expect("a base URL").0, base_url, "{host}");
            assert!(!page.contains("canary") && !page.contains("{{"), "{host}");
        }
    }

    #[tokio::test]
    async fn what_the_landing_page_says_of_control_is_so_and_is_all() {
        let emulator = start().await;
        let page = get(&emulator, "/").await.body;
        let told: Vec<_> = page
            .split("<tr><td>")
            .skip(1)
            .map(|row| without_tags(row.split_once("</td>").expect("a cell").0))
            .collect();
        let documented: Vec<_> = include_str!("../../src/lib.rs")
            .lines()
            .filter(|line| line.starts_with("//! | "))
            .flat_map(|line| line.split('`'))
            .filter(|code| code.contains(" /_emulator/"))
            .collect();
        assert_eq!(told, documented);

        for request in told {
            let (method, path) = request.split_once(' ').expect("a method and a path");
            let path = path.replace("{hash}", &"0".repeat(64));
            let answer = visit(&emulator, "OPTIONS", &path, "localhost").await;
            let allowed = answer.header("allow");
            let mut allowed = allowed.unwrap_or_else(|| panic!("{request}")).split(',');
            let method = method.to_lowercase();
            assert!(allowed.any(|each| each == method), "{request}");
        }
    }

    fn without_tags(html: &str) -> String {
        html.split('<')
            .map(|part| part.rsplit('>').next().unwrap_or_default())
            .collect()
    }

    #[tokio::test]
    async fn the_description_is_of_this_emulator() {
        let emulator = start().await;
        let description = get(&emulator, "/openapi.yaml").await.body;
        let first = description.lines().next().unwrap_or_default();
        assert!(first.contains("cargo xtask codegen"), "{first}");
        for operation in [
            "list",
            "createKeys",
            "getKey",
            "updateKeys",
            "deleteKeys",
            "getCurrentKey",
        ] {
            assert!(
                description.contains(&format!("operationId: {operation}\n")),
                "{operation}"
            );
        }
        let (_, servers) = description.split_once("\nservers:\n").expect("a server");
        let servers: Vec<_> = servers
            .lines()
            .take_while(|line| line.starts_with(' '))
            .filter(|line| line.contains("url:"))
            .collect();
        assert_eq!(servers, ["  - url: /api/v1"]);
    }
}
