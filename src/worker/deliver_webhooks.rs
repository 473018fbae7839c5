//! Tells other programs what happened: claims, commits, sends, records. No transaction is open while sending. A worker
//! that dies leaves leases that end; the events are then sent again under the same id.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::WorkerParts;
use crate::domain::background_task::BackgroundTask;
use crate::domain::staff::webhook::{ANSWER_MOST, WebhookSecret, message_id, seconds};
use crate::domain::timestamp::Timestamp;
use crate::flows::Error;
use crate::flows::staff::record_webhook_try::{RecordedTry, WebhookTry, record_webhook_try};
use crate::outgoing_http::PublicQuestion;
use crate::store::background_tasks::LastRun;
use crate::store::staff::webhook_deliveries::{self, ClaimedDelivery};
use crate::store::staff::webhook_endpoints::{self, Endpoint};

/// How often it is looked for what is due when nobody rang: other processes decide it too.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How many events one endpoint is told at once; one that failed is tried with one.
const AT_ONCE: usize = 4;
/// How often, a second apart, it is tried to write down what a try came to: within its lease.
const RECORD_TRIES: usize = 30;

/// Works through what is due until `stop`; what is under way is finished first. Each look is kept as a run of a
/// background task.
pub async fn run(parts: WorkerParts, stop: CancellationToken) {
    let (mut work, ended) = (JoinSet::new(), Arc::new(Notify::new()));
    // Whom each task tells.
    let mut under_way: HashMap<task::Id, Uuid> = HashMap::new();
    while !stop.is_cancelled() {
        while let Some(done) = work.try_join_next_with_id() {
            let id = match done {
                Ok((id, ())) => id,
                Err(error) => {
                    tracing::error!(error = ?error, "a webhook was not told to its end");
                    error.id()
                }
            };
            under_way.remove(&id);
        }
        let started_at = parts.clock.now();
        let (claimed, outcome) = claim_due(&parts, &under_way).await;
        let finished_at = parts.clock.now();
        parts.runs.keep(LastRun {
            task: BackgroundTask::DeliverWebhooks,
            period: LOOK_AGAIN,
            started_at,
            finished_at,
            outcome: None,
            failing_since: outcome.is_err().then_some(finished_at),
        });
        if let Err(error) = outcome {
            tracing::error!(error = ?error, "what webhooks are to be told could not be read");
        }
        let idle = claimed.is_empty();
        for (endpoint, event) in claimed {
            let webhook_endpoint_id = endpoint.webhook_endpoint_id;
            let (parts, ended) = (parts.clone(), ended.clone());
            let telling = work.spawn(async move {
                tell(&parts, &endpoint, &event).await;
                // Of the same person there may be more to tell.
                ended.notify_one();
            });
            under_way.insert(telling.id(), webhook_endpoint_id);
        }
        if idle {
            tokio::select! {
                () = stop.cancelled() => {}
                () = parts.db.signals().webhooks_wait() => {}
                () = ended.notified() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }
    while work.join_next().await.is_some() {}
}

/// What is told now, and to whom: of each endpoint as much as it takes at once, besides what is under way. What was claimed
/// is told, whatever became of the others; of those that could not be claimed the last error is given.
async fn claim_due(
    parts: &WorkerParts,
    under_way: &HashMap<task::Id, Uuid>,
) -> (Vec<(Endpoint, ClaimedDelivery)>, Result<(), Error>) {
    let now = parts.clock.now();
    let due = async {
        let mut tx = parts.db.read().await?;
        Ok::<_, Error>(webhook_endpoints::list_due(&mut tx, now).await?)
    };
    let due = match due.await {
        Ok(due) => due,
        Err(error) => return (vec![], Err(error)),
    };
    let (mut all, mut outcome) = (vec![], Ok(()));
    for (webhook_endpoint_id, failures) in due {
        let most = if failures > 0 { 1 } else { AT_ONCE };
        let told = under_way.values().filter(|of| **of == webhook_endpoint_id).count();
        let room = most.saturating_sub(told);
        if room == 0 {
            continue;
        }
        let count = i64::try_from(room).unwrap_or(1);
        match claim(parts, now, webhook_endpoint_id, count).await {
            Ok(mut claimed) => all.append(&mut claimed),
            Err(error) => outcome = Err(error),
        }
    }
    (all, outcome)
}

/// Claims up to `count` events of one endpoint.
///
/// # Errors
/// When the database does not answer.
pub async fn claim(
    parts: &WorkerParts,
    now: Timestamp,
    webhook_endpoint_id: Uuid,
    count: i64,
) -> Result<Vec<(Endpoint, ClaimedDelivery)>, Error> {
    let claimed = parts.db.run(|tx| {
        Box::pin(async move {
            let events = webhook_deliveries::claim(tx, now, webhook_endpoint_id, count).await?;
            let endpoint = webhook_endpoints::find(tx, webhook_endpoint_id).await?;
            Ok::<_, Error>((endpoint, events))
        })
    });
    let (endpoint, events) = claimed.await?;
    let endpoint =
        endpoint.into_iter().flat_map(|endpoint| std::iter::repeat_n(endpoint, events.len()));
    Ok(endpoint.zip(events.clone()).collect())
}

/// Sends one event, and writes down what that came to.
async fn tell(parts: &WorkerParts, endpoint: &Endpoint, event: &ClaimedDelivery) {
    let tried = send(parts, endpoint, event).await;
    let (event_id, endpoint_id) = (event.webhook_delivery_id, event.webhook_endpoint_id);
    for _ in 0..RECORD_TRIES {
        let at = parts.moment();
        let recorded =
            parts.db.run(|tx| Box::pin(record_webhook_try(tx, &at, event, &tried))).await;
        match recorded {
            Ok(RecordedTry::SwitchedOff(reason)) => {
                tracing::error!(%endpoint_id, ?reason, "a webhook was switched off");
                return;
            }
            Ok(outcome) => {
                if outcome == RecordedTry::GivenUp {
                    tracing::error!(%event_id, %endpoint_id, "an event that a webhook refused was given up");
                }
                let (status, why) = match &tried {
                    WebhookTry::Answered(status, _) => (Some(*status), None),
                    WebhookTry::Failed(why) => (None, Some(why.as_str())),
                };
                tracing::info!(%event_id, %endpoint_id, ?outcome, status, why, "told a webhook");
                return;
            }
            Err(error) => {
                tracing::error!(%event_id, error = ?error, "what a webhook answered could not be recorded");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn send(parts: &WorkerParts, endpoint: &Endpoint, event: &ClaimedDelivery) -> WebhookTry {
    let now = parts.clock.now();
    let id = message_id(event.webhook_delivery_id);
    let signed = secrets(parts, endpoint, now);
    let signed = signed.iter().map(|secret| secret.sign(&id, now, &event.payload));
    let headers = [
        ("webhook-id", id.clone()),
        ("webhook-timestamp", seconds(now).to_string()),
        ("webhook-signature", signed.collect::<Vec<_>>().join(" ")),
    ];
    let question =
        PublicQuestion { headers: &headers, body: event.payload.clone(), answer_most: ANSWER_MOST };
    match parts.webhooks.post(&endpoint.url, question).await {
        Ok(answer) => WebhookTry::Answered(answer.status, answer.body),
        Err(error) => WebhookTry::Failed(error.to_string()),
    }
}

/// What it knows us by at this moment: the secret, and for a while the one before.
fn secrets(parts: &WorkerParts, endpoint: &Endpoint, now: Timestamp) -> Vec<WebhookSecret> {
    let overlaps = endpoint.before_until.is_some_and(|until| until > now);
    let before = endpoint.salt_before.as_ref().filter(|_| overlaps);
    let salts = std::iter::once(&endpoint.salt).chain(before);
    let id = endpoint.webhook_endpoint_id;
    salts.map(|salt| parts.settings.webhook_secret(id, salt)).collect()
}
