//! The secret of a webhook, shown once.

use serde::Serialize;

use crate::domain::timestamp::Timestamp;
use crate::templates::page::Page;

/// `console/webhook_secret.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct WebhookSecretPage<'a> {
    pub(super) description: &'a str,
    /// Where the webhook, or all of them, are looked at.
    pub(super) path: String,
    /// What its program knows us by; none where the form was sent before.
    pub(super) secret: Option<String>,
    /// Until when the secret before works too, where there was one.
    pub(super) before_until: Option<Timestamp>,
}

impl Page for WebhookSecretPage<'_> {
    const TEMPLATE: &'static str = "console/webhook_secret.html";

    fn samples() -> Vec<Self> {
        let page = |secret, before_until| WebhookSecretPage {
            description: "The CRM of marketing",
            path: "/console/webhooks/ID".to_owned(),
            secret,
            before_until,
        };
        let secret = || Some("whsec_SECRET".to_owned());
        vec![page(secret(), None), page(secret(), Some(Timestamp::SAMPLE)), page(None, None)]
    }
}
