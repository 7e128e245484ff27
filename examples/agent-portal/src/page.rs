//! The parts that all pages share.

use axum::{
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

use crate::{
    Portal,
    agent::Case,
    customer::{Embedding, customer_path},
};

/// A page without navigation.
pub(crate) fn plain(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) " · Agent portal" }
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/portal.css";
            }
            body { (content) }
        }
    }
}

/// A customer's page, with the agent's other customers beside it. Their links keep the `embed` of the query.
pub(crate) fn with_navigation(
    portal: &Portal,
    case: &Case,
    embed: Option<Embedding>,
    choice: &Markup,
    content: &Markup,
) -> Markup {
    let Case { agent, customer } = case;
    let content = html! {
        script src="/assets/restored.js" {}
        a.skip href="#cobrowse" { "Skip to Cobrowse" }
        header {
            strong { "Agent portal" }
            span { (agent.name) }
            form method="post" action="/logout" { button.quiet { "Sign out" } }
        }
        nav.customers aria-label="Your customers" {
            @for other in portal.directory.customers_of(agent) {
                a href=(customer_path(other, embed)) aria-current=[(other.id == customer.id).then_some("page")] {
                    strong { (other.name) }
                    small { (other.about) }
                }
            }
        }
        main {
            div.title {
                div { h1 { (customer.name) } p { (customer.about) } }
                (choice)
            }
            (content)
        }
    };
    plain(&customer.name, &content)
}

pub(crate) fn not_found() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, error(StatusCode::NOT_FOUND, true))
}

/// Replaces the body of an error response by a page.
pub(crate) async fn with_error_page(response: Response) -> Response {
    replace_error(response, true)
}

/// Replaces the body of an error response by a page that only the portal's own pages may frame.
pub(crate) async fn with_error_in_frame(response: Response) -> Response {
    let mut response = replace_error(response, false);
    if response.status() != StatusCode::SEE_OTHER {
        let policy = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'self'";
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    response
}

fn replace_error(response: Response, is_whole_page: bool) -> Response {
    let status = response.status();
    let is_page = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || (is_whole_page && is_page) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Response::from_parts(parts, Body::from(error(status, is_whole_page).into_string()))
}

fn error(status: StatusCode, is_whole_page: bool) -> Markup {
    let (title, text) = match status {
        StatusCode::UNAUTHORIZED => ("Signed out", "Reload the page to sign in."),
        StatusCode::FORBIDDEN => ("Refused", "Only the portal's own pages can send this request."),
        StatusCode::NOT_FOUND => ("Not found", "The page does not exist, or another agent serves this customer."),
        StatusCode::MISDIRECTED_REQUEST => {
            ("Wrong address", "Open the portal at the address that it is configured with.")
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            ("Unavailable", "The portal cannot issue a token. Reload the page to try again.")
        }
        _ => ("Request failed", "The portal cannot process this request."),
    };
    let content = html! {
        main.notice {
            h1 { (title) }
            p { (text) }
            @if is_whole_page { p { a href="/" { "Your customers" } } }
        }
    };
    plain(title, &content)
}
