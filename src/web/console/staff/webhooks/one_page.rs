//! What the page of one webhook shows.

use serde::Serialize;
use uuid::Uuid;

use crate::domain::staff::webhook::message_id;
use crate::domain::timestamp::Timestamp;
use crate::store::staff::webhook_deliveries::DeliveryRow;
use crate::templates::page::Page;
use crate::web::console::form::{Faults, fault};

/// `console/webhook.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct WebhookPage {
    pub(super) word: Option<&'static str>,
    pub(super) webhook: Facts,
    /// How many events it did not take yet.
    pub(super) waiting: i64,
    pub(super) deliveries: Vec<DeliveryEntry>,
    /// How many are shown at most.
    pub(super) shown: i64,
    pub(super) errors: Faults,
}

/// What there is to know of it.
#[derive(Clone, Serialize)]
pub(super) struct Facts {
    pub(super) path: String,
    pub(super) url: String,
    pub(super) host: String,
    pub(super) description: String,
    pub(super) state: &'static str,
    pub(super) types: Vec<String>,
    pub(super) created_at: Timestamp,
    pub(super) by: Option<String>,
    pub(super) off_at: Option<Timestamp>,
    pub(super) off_reason: Option<&'static str>,
    pub(super) secret_since: Timestamp,
    /// Which secret it is, so that a second press replaces no other.
    pub(super) secret: String,
    /// Until when the one before works too.
    pub(super) before_until: Option<Timestamp>,
}

/// Something that it was or is to be told.
#[derive(Clone, Serialize)]
pub(super) struct DeliveryEntry {
    id: Uuid,
    message: String,
    what: String,
    state: &'static str,
    at: Timestamp,
    attempts: i32,
    tried_at: Option<Timestamp>,
    next_at: Option<Timestamp>,
    status: Option<i32>,
    answer: Option<String>,
    failure: Option<String>,
}

impl From<DeliveryRow> for DeliveryEntry {
    fn from(row: DeliveryRow) -> Self {
        let waits = row.delivered_at.is_none() && row.given_up_at.is_none();
        let state = match (row.delivered_at, row.attempts) {
            (Some(_), _) => "taken",
            _ if row.given_up_at.is_some() => "given up",
            (None, 0) => "waiting",
            _ => "refused",
        };
        Self {
            id: row.webhook_delivery_id,
            message: message_id(row.webhook_delivery_id),
            what: row.event_type,
            state,
            at: row.created_at,
            attempts: row.attempts,
            tried_at: row.tried_at,
            next_at: waits.then_some(row.next_at),
            status: row.status,
            answer: row.answer.filter(|answer| !answer.trim().is_empty()),
            failure: row.failure,
        }
    }
}

impl Page for WebhookPage {
    const TEMPLATE: &'static str = "console/webhook.html";

    fn samples() -> Vec<Self> {
        let at = Timestamp::SAMPLE;
        let taken = DeliveryRow {
            webhook_delivery_id: Uuid::nil(),
            event_type: "consent.given".to_owned(),
            created_at: at,
            next_at: at,
            attempts: 1,
            tried_at: Some(at),
            status: Some(200),
            answer: Some("ok".to_owned()),
            failure: None,
            delivered_at: Some(at),
            given_up_at: None,
        };
        let refused = DeliveryRow { status: Some(500), delivered_at: None, ..taken.clone() };
        let away = DeliveryRow {
            status: None,
            answer: None,
            failure: Some("it cannot be reached".to_owned()),
            attempts: 2,
            ..refused.clone()
        };
        let given_up = DeliveryRow { given_up_at: Some(at), ..refused.clone() };
        let waiting = DeliveryRow { tried_at: None, failure: None, attempts: 0, ..away.clone() };
        let on = Facts {
            path: "/console/webhooks/ID".to_owned(),
            url: "https://crm.example.org/hooks/SECRET".to_owned(),
            host: "crm.example.org".to_owned(),
            description: "The CRM of marketing".to_owned(),
            state: "on",
            types: vec!["consent.given".to_owned()],
            created_at: at,
            by: Some("ada@example.org".to_owned()),
            off_at: None,
            off_reason: None,
            secret_since: at,
            secret: "1795424400000000".to_owned(),
            before_until: Some(at),
        };
        let off = Facts {
            state: "off",
            off_at: Some(at),
            off_reason: Some("It took nothing for three days"),
            before_until: None,
            by: None,
            ..on.clone()
        };
        let failing = Facts { state: "failing", ..on.clone() };
        let page = |webhook, waiting, rows: &[DeliveryRow], field| Self {
            word: Some("A test is on its way."),
            webhook,
            waiting,
            deliveries: rows.iter().cloned().map(DeliveryEntry::from).collect(),
            shown: 50,
            errors: vec![fault(field, "Tick the box")],
        };
        vec![
            page(failing, 3, &[taken, refused, given_up, away, waiting], "sure"),
            page(off, 1, &[], "sure-secret"),
            Self { word: None, errors: vec![], ..page(on, 0, &[], "sure") },
        ]
    }
}
