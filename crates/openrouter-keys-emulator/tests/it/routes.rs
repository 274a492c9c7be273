//! Which requests a route stands for, and their number.

use openrouter_keys_emulator::{Fault, Route};
use serde_json::json;

use crate::control::{armed, control};
use crate::http::{manage, start};
use crate::line::raw;

/// Requests of every kind, and the route that each is on.
const REQUESTS: &[(&str, &str, Option<Route>)] = &[
    ("POST", "/keys", Some(Route::Create)),
    ("POST", "/keys/", Some(Route::Create)),
    ("POST", "/keys?offset=0", Some(Route::Create)),
    ("GET", "/keys", Some(Route::List)),
    ("GET", "/keys/", Some(Route::List)),
    ("GET", "/keys?offset=x", Some(Route::List)),
    ("HEAD", "/keys", Some(Route::List)),
    ("GET", "/keys/canary", Some(Route::Get)),
    ("GET", "/keys/%ff", Some(Route::Get)),
    ("HEAD", "/keys/..", Some(Route::Get)),
    ("PATCH", "/keys/canary", Some(Route::Update)),
    ("PATCH", "/keys/a%2Fb", Some(Route::Update)),
    ("DELETE", "/keys/canary", Some(Route::Delete)),
    ("GET", "/key", Some(Route::Current)),
    ("HEAD", "/key", Some(Route::Current)),
    ("PUT", "/keys", None),
    ("PATCH", "/keys", None),
    ("DELETE", "/keys/", None),
    ("OPTIONS", "/keys", None),
    ("PUT", "/keys/canary", None),
    ("POST", "/keys/canary", None),
    ("get", "/keys", None),
    ("POST", "/key", None),
    ("GET", "/key/", None),
    ("GET", "/keys//", None),
    ("GET", "/keys/canary/", None),
    ("DELETE", "/keys/a/b", None),
    ("GET", "/", None),
    ("GET", "", None),
    ("GET", "/../../_emulator/faults", None),
];

const ROUTES: [(Route, &str); 6] = [
    (Route::Create, "create"),
    (Route::Current, "current"),
    (Route::Delete, "delete"),
    (Route::Get, "get"),
    (Route::List, "list"),
    (Route::Update, "update"),
];

#[tokio::test]
async fn a_route_is_what_the_path_and_the_method_say() {
    for (method, path, route) in REQUESTS {
        let emulator = start().await;
        // Without a credential, so that it shows what the API itself makes of the request.
        let raw = raw(&emulator, method, path).await;
        let is_routed = raw.head.starts_with("http/1.1 401 ");
        assert_eq!(is_routed, route.is_some(), "{method} {path}: {}", raw.head);

        let any = u64::from(route.is_some());
        assert_eq!(emulator.requests(Route::Any), any, "{method} {path}");
        let mut counts = json!({});
        for (each, name) in ROUTES {
            let count = emulator.requests(each);
            assert_eq!(count > 0, *route == Some(each), "{method} {path}: {name}");
            counts[name] = json!(count);
        }
        let shown = control(&emulator, "GET", "requests", "").await;
        assert_eq!(shown["counts"], counts);
        assert_eq!(shown["requests"][0]["method"], *method, "{method} {path}");
    }
}

#[tokio::test]
async fn a_fault_strikes_on_its_route_and_on_no_other() {
    for (route, name) in ROUTES.into_iter().chain([(Route::Any, "any")]) {
        let fields = json!({"fault": "status", "status": 418, "count": "always", "route": name});
        let fault = Fault::status(418).always().on(route);
        for emulator in armed(fault, fields).await {
            for (method, path, at) in REQUESTS {
                let is_struck = at.is_some_and(|at| route == Route::Any || route == at);
                let raw = raw(&emulator, method, path).await;
                let line = raw.head.lines().next().expect("a line");
                assert_eq!(
                    line.contains(" 418 "),
                    is_struck,
                    "{name}: {method} {path}: {line}"
                );
            }
        }
    }
}

#[tokio::test]
async fn requests_are_counted_whatever_becomes_of_them() {
    let emulator = start().await;
    emulator.inject(Fault::status(500).on(Route::Create));
    for status in [500, 201] {
        manage(&emulator, "POST", "/keys", r#"{"name":"k"}"#)
            .await
            .expect(status);
    }
    manage(&emulator, "POST", "/keys", "").await.expect(400);
    raw(&emulator, "POST", "/keys").await.expect("401");
    assert_eq!(emulator.requests(Route::Create), 4);
    assert_eq!(emulator.requests(Route::List), 0);
    manage(&emulator, "GET", "/keys", "").await.expect(200);
    assert_eq!(emulator.requests(Route::Any), 5);
}
