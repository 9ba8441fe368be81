//! The sender: takes what is due out of the outbox and posts it, until the server stops.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use tokio::task::JoinSet;

use super::apps::{parse_target, stays_here};
use super::outbox::{Batch, Outcome};
use super::signatures;
use crate::Sandbox;

/// How long events are gathered before they are sent, so that those of one moment go together.
const GATHER: Duration = Duration::from_millis(20);

/// How often the sandbox's clock is looked at while something waits for its time: a test may move it.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The name under which recorded deliveries came.
const USER_AGENT: &str = "HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: webhooks-nio-http-client) - WebhooksExecutorDaemon-executor";

/// Sends until it is dropped. What is under way then goes back into the outbox.
pub(crate) async fn run(sandbox: Sandbox) {
    let client = match client() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "the sandbox cannot send webhooks");
            return;
        }
    };
    let mut sending = JoinSet::new();
    loop {
        for batch in sandbox.due_webhooks() {
            sending.spawn(deliver(sandbox.clone(), client.clone(), batch));
        }
        while let Some(ended) = sending.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "sending a webhook failed");
            }
        }
        let (waiting, _) = sandbox.state().webhooks.counts();
        let signal = &sandbox.webhook_signal().queued;
        if waiting == 0 {
            signal.notified().await;
            tokio::time::sleep(GATHER).await;
        } else {
            tokio::select! {
                () = signal.notified() => tokio::time::sleep(GATHER).await,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is HubSpot as a caller, not Parlor calling HubSpot; no redirects, no proxy, and each request has its time-out"
)]
fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .build()
}

/// A batch under way, which goes back into the outbox when nothing came of it.
struct UnderWay {
    sandbox: Sandbox,
    batch: Batch,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // One that was finished is not under way any more, and stays where it is.
        self.sandbox.state().webhooks.give_back(&self.batch);
    }
}

async fn deliver(sandbox: Sandbox, client: reqwest::Client, batch: Batch) {
    let under_way = UnderWay { sandbox, batch };
    let (sandbox, batch) = (&under_way.sandbox, &under_way.batch);
    let outcome = post(sandbox, &client, batch).await;
    sandbox.webhook_ended(batch, outcome);
}

async fn post(sandbox: &Sandbox, client: &reqwest::Client, batch: &Batch) -> Outcome {
    let url = match parse_target(&batch.target_url) {
        Ok(url) => url,
        Err(reason) => return Outcome::Withheld(reason),
    };
    if !stays_here(&url) && !sandbox.options().allow_public {
        let reason = "not sent: the sandbox sends to this machine alone unless allow_public is set";
        return Outcome::Withheld(reason.to_owned());
    }
    let Batch {
        target_url,
        client_secret,
        body,
        timeout_milliseconds,
        ..
    } = batch;
    // Signed anew for each attempt: a receiver refuses what is older than five minutes.
    let timestamp = sandbox.now().unix_milliseconds().to_string();
    let sent = client
        .post(url)
        .timeout(Duration::from_millis(*timeout_milliseconds))
        .header(ACCEPT, "*/*")
        .header(CONTENT_TYPE, "application/json")
        .header("X-HubSpot-Signature", signatures::v1(client_secret, body))
        .header("X-HubSpot-Signature-Version", "v1")
        .header(
            "X-HubSpot-Signature-v3",
            signatures::v3(client_secret, "POST", target_url, body, &timestamp),
        )
        .header("X-HubSpot-Request-Timestamp", timestamp)
        // Recorded deliveries say 10000, HubSpot's documentation five seconds: here it is the time that there really is.
        .header("X-HubSpot-Timeout-Millis", *timeout_milliseconds)
        .body(body.to_string())
        .send()
        .await;
    match sent {
        Ok(response) => Outcome::Answered(response.status().as_u16()),
        Err(error) if error.is_timeout() => {
            Outcome::Failed(format!("no answer within {timeout_milliseconds} milliseconds"))
        }
        Err(error) => Outcome::Failed(innermost(&error)),
    }
}

/// What really went wrong: the outer errors only say that something did.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
