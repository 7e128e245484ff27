//! What all pages have.

use axum::{
    http::{StatusCode, header::CONTENT_SECURITY_POLICY},
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

use crate::{Portal, agent::Case};

/// A page with nothing around its content.
pub(crate) fn plain(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) " · Agent portal" }
                link rel="stylesheet" href="/assets/portal.css";
            }
            body { (content) }
        }
    }
}

/// A page for one customer, with the agent's others beside it.
pub(crate) fn with_navigation(portal: &Portal, case: &Case, choice: &Markup, embed: &Markup) -> Markup {
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
                a href=(format!("/customers/{}", other.id)) aria-current=[(other.id == customer.id).then_some("page")] {
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
            (embed)
        }
    };
    plain(&customer.name, &content)
}

/// What is said inside of an iframe of the portal in place of a page that nobody may frame.
pub(crate) async fn in_frame(response: Response) -> Response {
    let words = match response.status() {
        StatusCode::SEE_OTHER => return response,
        StatusCode::UNAUTHORIZED => "You are signed out. Reload the page to sign in.",
        StatusCode::SERVICE_UNAVAILABLE => "Cobrowse cannot be opened now. Reload the page to try again.",
        _ => "Nothing here.",
    };
    let framed = [(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'self'")];
    (response.status(), framed, words).into_response()
}

/// A page for whatever is not there, or not there for this agent.
pub(crate) fn not_found() -> impl IntoResponse {
    let content = html! {
        main.nothing { h1 { "Nothing here" } p { "Perhaps it is somebody else's. " a href="/" { "Your customers" } } }
    };
    (StatusCode::NOT_FOUND, plain("Nothing here", &content))
}
