//! The page of a customer, which embeds Cobrowse.

use std::{path::PathBuf, sync::Arc};

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
    directory::Customer,
    failure::Failure,
    page,
    responses::{REDIRECT_LIFETIME, embed_url},
};

pub(crate) fn routes() -> Router<Arc<Portal>> {
    let javascript = |text: &'static str| get(([(CONTENT_TYPE, "text/javascript")], text));
    Router::new()
        .route("/", get(first))
        .route("/customers/{id}", get(customer))
        .route("/assets/restored.js", javascript(include_str!("../assets/restored.js")))
        .route("/assets/embed.js", javascript(include_str!("../assets/embed.js")))
        .route("/assets/redirect.js", javascript(include_str!("../assets/redirect.js")))
        .route("/assets/post-message.js", javascript(include_str!("../assets/post-message.js")))
        .route("/assets/cobrowse-agent-sdk.js", get(agent_sdk))
}

/// How the iframe gets its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Embedding {
    PostMessage,
    Redirect,
}

impl Embedding {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::PostMessage => "post-message",
            Self::Redirect => "redirect",
        }
    }
}

/// The query of a customer's page.
#[derive(Debug, Deserialize)]
pub(crate) struct Choice {
    pub(crate) embed: Option<Embedding>,
}

pub(crate) fn customer_path(customer: &Customer, embed: Option<Embedding>) -> String {
    let query = embed.map(|embed| format!("?embed={}", embed.as_str())).unwrap_or_default();
    format!("/customers/{}{query}", customer.id)
}

async fn first(agent: Result<SignedIn, StatusCode>, State(portal): State<Arc<Portal>>) -> Result<Redirect, StatusCode> {
    let agent = match agent {
        Ok(SignedIn(agent)) => agent,
        Err(StatusCode::UNAUTHORIZED) => return Ok(Redirect::to("/login")),
        Err(status) => return Err(status),
    };
    let customer = portal.directory.customers_of(&agent).next().ok_or(StatusCode::NOT_FOUND)?;
    Ok(Redirect::to(&customer_path(customer, None)))
}

async fn customer(
    case: Case,
    Query(choice): Query<Choice>,
    State(portal): State<Arc<Portal>>,
) -> Result<Markup, Failure> {
    let has_sdk = sdk_file(&portal).is_file();
    let embed = choice.embed.unwrap_or(if has_sdk { Embedding::PostMessage } else { Embedding::Redirect });
    let here = customer_path(&case.customer, None);
    // The scripts add the iframe; `embed.js` says why.
    let content = match embed {
        Embedding::PostMessage if !has_sdk => missing_sdk(),
        Embedding::PostMessage => html! {
            p #message.error role="status" data-src=(embed_url(&portal, &case).for_post_message()?)
                data-token-route=(format!("{here}/token")) {}
            script type="module" src="/assets/post-message.js" {}
        },
        Embedding::Redirect => html! {
            p #message.error role="status" data-src=(format!("{here}/cobrowse")) data-lifetime=(REDIRECT_LIFETIME.as_secs()) {}
            script type="module" src="/assets/redirect.js" {}
        },
    };
    Ok(page::with_navigation(&portal, &case, choice.embed, &embedding_choice(&case.customer, embed), &content))
}

fn embedding_choice(customer: &Customer, current: Embedding) -> Markup {
    html! {
        nav.choice aria-labelledby="choice" {
            span #choice { "Token by" }
            div {
                @for (embed, text) in [(Embedding::PostMessage, "postMessage"), (Embedding::Redirect, "Redirect")] {
                    a href=(customer_path(customer, Some(embed))) aria-current=[(embed == current).then_some("true")] {
                        (text)
                    }
                }
            }
        }
    }
}

fn missing_sdk() -> Markup {
    html! {
        div.missing {
            p { "postMessage needs Cobrowse's Agent SDK. Install it in the root of the repository:" }
            pre { code { "npm ci --ignore-scripts --prefix examples/agent-portal" } }
        }
    }
}

async fn agent_sdk(State(portal): State<Arc<Portal>>) -> Response {
    match tokio::fs::read(sdk_file(&portal)).await {
        Ok(script) => ([(CONTENT_TYPE, "text/javascript")], script).into_response(),
        Err(_) => page::not_found().into_response(),
    }
}

fn sdk_file(portal: &Portal) -> PathBuf {
    portal.agent_sdk.join("dist/esm-browser/index.js")
}
