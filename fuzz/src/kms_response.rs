use std::cell::OnceCell;

use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use cobrowse_jwt::aws_kms::{
    AwsKmsKey,
    aws_sdk_kms::{
        Client,
        config::{BehaviorVersion, Config, Credentials, Region, retry::RetryConfig},
    },
};
use tokio::runtime::{Builder, Runtime};

use crate::{account, errors};

/// Input: two responses of AWS KMS, to `GetPublicKey` and to `Sign`. Each has a line with the status and the type of the error, and a body in which
/// `@SIGNATURE` is replaced by the signature of the fixed key. Property: a mint returns a token that verifies, or an error without an ARN or
/// an AWS account id.
pub fn kms_response(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let (get_public_key, sign) = text.split_once("\n--\n").unwrap_or((text, ""));
    let responses = Responses { get_public_key: get_public_key.into(), sign: sign.into() };
    let key = AwsKmsKey::new(&client(responses), "alias/cobrowse").expect("valid key id");
    match RUNTIME.with(|runtime| runtime.get_or_init(new_runtime).block_on(account::mint(key))) {
        Ok(token) => {
            account::verifier().verify(token.expose_secret()).expect("only the fixed key signs");
        }
        Err(error) => {
            errors::check_redacted(&error);
            assert!(!format!("{error:?}").contains("arn:"));
        }
    }
}

thread_local! {
    static RUNTIME: OnceCell<Runtime> = const { OnceCell::new() };
}

fn new_runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn client(responses: Responses) -> Client {
    let connector = SharedHttpConnector::new(responses);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("AKIAIOSFODNN7EXAMPLE", "a-secret-access-key", None, None, "fuzz"))
        .region(Region::new("eu-central-1"))
        .retry_config(RetryConfig::disabled())
        .http_client(http_client_fn(move |_, _| connector.clone()));
    Client::from_conf(config.build())
}

#[derive(Debug)]
struct Responses {
    get_public_key: String,
    sign: String,
}

impl HttpConnector for Responses {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let is_sign = request.headers().get("x-amz-target").is_some_and(|target| target.ends_with(".Sign"));
        let text = if is_sign { &self.sign } else { &self.get_public_key };
        let (head, body) = text.split_once('\n').unwrap_or((text, ""));
        let (status, error_type) = head.split_once(' ').unwrap_or((head, ""));
        let status = status.parse().ok().and_then(|status: u16| StatusCode::try_from(status).ok());
        let body = if body.contains("@SIGNATURE") {
            body.replace("@SIGNATURE", &account::signature())
        } else {
            body.to_owned()
        };
        let mut response =
            HttpResponse::new(status.unwrap_or(StatusCode::try_from(200).expect("valid")), SdkBody::from(body));
        if !error_type.is_empty() {
            let _ = response.headers_mut().try_insert("x-amzn-errortype", error_type.to_owned());
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}
