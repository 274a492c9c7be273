//! The pages for people: what this is, and an explorer of the API.
//!
//! A browser gets everything from here, and is told to ask nobody else.

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, get_service};
use swagger_ui_dist::{ApiDefinition, OpenApiSource, generate_routes};

/// The pages, and what they load.
pub(crate) fn router() -> Router {
    // Of the crate's own routes two are taken: its page has a script in it, which no page here may have.
    let swagger_ui = generate_routes(ApiDefinition {
        uri_prefix: "/docs",
        api_definition: OpenApiSource::Uri("/openapi.yaml"),
        title: None,
    });
    let explorer = text("text/html; charset=utf-8", include_str!("explorer.html"));
    Router::new()
        .route("/", get(landing))
        .route(
            "/landing.css",
            text("text/css; charset=utf-8", include_str!("landing.css")),
        )
        .route("/docs", explorer.clone())
        .route("/docs/", explorer)
        .route(
            "/docs/explorer.js",
            text(
                "text/javascript; charset=utf-8",
                include_str!("explorer.js"),
            ),
        )
        .route(
            "/docs/explorer.css",
            text("text/css; charset=utf-8", include_str!("explorer.css")),
        )
        .route("/docs/swagger-ui.css", get_service(swagger_ui.clone()))
        .route("/docs/swagger-ui-bundle.js", get_service(swagger_ui))
        .route(
            "/openapi.yaml",
            text("application/yaml", include_str!("../../openapi.yaml")),
        )
        .layer(map_response(confine))
}

/// The one place of the page that differs from one emulator to the next.
const BASE_URL: &str = "{{base_url}}";

/// What this is, and where things are.
async fn landing(headers: HeaderMap) -> Response {
    let page = include_str!("landing.html").replace(BASE_URL, &base_url(&headers));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    ([(header::CONTENT_TYPE, html)], page).into_response()
}

/// Where the API is for whoever asks, who may know this machine by another name. What is more than a name or an address,
/// with a port, is not repeated: it becomes part of a page.
fn base_url(headers: &HeaderMap) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:-[]".contains(&byte);
    headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| !host.is_empty() && host.bytes().all(is_plain))
        .map_or_else(
            || "/api/v1".to_owned(),
            |host| format!("http://{host}/api/v1"),
        )
}

fn text(kind: &'static str, text: &'static str) -> MethodRouter {
    let kind = HeaderValue::from_static(kind);
    get(async move || ([(header::CONTENT_TYPE, kind)], text))
}

/// What a browser may do with the pages: load what is here and nothing else, and tell nobody that it was here.
/// Swagger UI has its icons as `data:` images.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; object-src 'none'";

async fn confine(mut response: Response) -> Response {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
