//! The pages to embed. All have the same content, which calls the REST API with the token.

use axum::{Router, extract::State, http::header::CONTENT_TYPE, response::Html, routing::get};

use crate::Stub;

pub(crate) fn routes() -> Router<Stub> {
    Router::new()
        .route("/dashboard", get(page))
        .route("/code", get(page))
        .route("/connect", get(page))
        .route("/connect/device/{id}", get(page))
        .route("/session/{id}", get(page))
        .route("/session/{id}/recording", get(page))
        .route("/page.js", get(([(CONTENT_TYPE, "text/javascript")], include_str!("page/page.js"))))
        .route("/page.css", get(([(CONTENT_TYPE, "text/css")], include_str!("page/page.css"))))
}

async fn page(State(stub): State<Stub>) -> Html<String> {
    let image = stub.0.third_party.as_ref().map(|url| format!(r#"<img src="{url}" alt="" width="1" height="1">"#));
    Html(include_str!("page/page.html").replace("<!-- third party -->", &image.unwrap_or_default()))
}
