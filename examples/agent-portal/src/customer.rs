//! The one screen: the agent's customers, and Cobrowse for one of them.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    Portal,
    agent::{Case, SignedIn},
    failure::Failure,
    page,
    responses::embed_url,
};

pub(crate) fn routes() -> Router<Arc<Portal>> {
    let javascript = |text: &'static str| get(([(CONTENT_TYPE, "text/javascript")], text));
    Router::new()
        .route("/", get(first))
        .route("/customers/{id}", get(customer))
        .route("/assets/restored.js", javascript(include_str!("../assets/restored.js")))
        .route("/assets/post-message.js", javascript(include_str!("../assets/post-message.js")))
        .route("/assets/cobrowse-agent-sdk.js", get(agent_sdk))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum HandOver {
    PostMessage,
    Redirect,
}

#[derive(Deserialize)]
struct Choice {
    by: Option<HandOver>,
}

async fn first(SignedIn(agent): SignedIn, State(portal): State<Arc<Portal>>) -> Result<Redirect, StatusCode> {
    let customer = portal.directory.customers_of(&agent).next().ok_or(StatusCode::NOT_FOUND)?;
    Ok(Redirect::to(&format!("/customers/{}", customer.id)))
}

async fn customer(
    case: Case,
    Query(Choice { by }): Query<Choice>,
    State(portal): State<Arc<Portal>>,
) -> Result<Markup, Failure> {
    let has_sdk = sdk_file(&portal).is_file();
    let by = by.unwrap_or(if has_sdk { HandOver::PostMessage } else { HandOver::Redirect });
    let here = format!("/customers/{}", case.customer.id);
    let name = new_frame_name();
    let embed = match by {
        HandOver::PostMessage if !has_sdk => how_to_install_the_sdk(),
        HandOver::PostMessage => {
            let url = embed_url(&portal, &case).for_post_message()?;
            html! {
                iframe #cobrowse name=(name) title="Cobrowse" src=(url) data-token-route=(format!("{here}/token")) {}
                p #message role="status" {}
                script type="module" src="/assets/post-message.js" {}
            }
        }
        HandOver::Redirect => html! {
            iframe #cobrowse name=(name) title="Cobrowse" src=(format!("{here}/cobrowse")) {}
        },
    };
    Ok(page::with_navigation(&portal, &case, &choice(&here, by), &embed))
}

/// A name that no iframe had before. Going back, Chromium brings an iframe of the same name to where it last was, which is the URL
/// with the old token, and does not ask the portal.
fn new_frame_name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("cobrowse-{}", now.as_nanos())
}

fn choice(here: &str, by: HandOver) -> Markup {
    let link = |to: HandOver, name: &str, text: &str| {
        let href = format!("{here}?by={name}");
        html! { a href=(href) aria-current=[(to == by).then_some("true")] { (text) } }
    };
    html! {
        nav.choice aria-label="How the token is handed over" {
            (link(HandOver::PostMessage, "post-message", "postMessage"))
            (link(HandOver::Redirect, "redirect", "Redirect"))
        }
    }
}

fn how_to_install_the_sdk() -> Markup {
    html! {
        div.missing {
            p { "This way needs Cobrowse's Agent SDK from npm, once. In the root of the clone:" }
            pre { code { "npm ci --ignore-scripts --prefix examples/agent-portal" } }
        }
    }
}

/// The SDK as npm has it.
async fn agent_sdk(State(portal): State<Arc<Portal>>) -> Response {
    match tokio::fs::read(sdk_file(&portal)).await {
        Ok(script) => ([(CONTENT_TYPE, "text/javascript")], script).into_response(),
        Err(_) => page::not_found().into_response(),
    }
}

fn sdk_file(portal: &Portal) -> std::path::PathBuf {
    portal.agent_sdk.join("dist/esm-browser/index.js")
}
