//! The audit as a file: the entries that a filter leaves, streamed, newest first. That it was taken away is
//! an entry itself, written before the first byte leaves.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde_json::json;
use uuid::Uuid;

use crate::export::{CsvRows, TextFormat};
use crate::flows::contacts::record_disclosure::Disclosure;
use crate::store::staff::audit_entries::{AuditFilter, DatedEntry, list_newest};
use crate::web::console::request_fields::Form;
use crate::web::console::staff::audit::addresses::addresses;
use crate::web::console::staff::audit::{filter, labels, list};
use crate::web::console::staff_session::StaffSession;
use crate::web::disclosure::audit_disclosure;
use crate::web::{App, Error};

/// How many entries are read at once; no transaction is held while they leave.
const PIECE: i64 = 1000;

/// The columns, in their order.
const COLUMNS: [&str; 6] = ["audit_entry_id", "at", "actor", "who", "action", "detail"];

pub(super) async fn take_away(
    session: StaffSession,
    Form(fields): Form,
) -> Result<Response, Error> {
    let app = &session.app;
    let narrowed = filter::read(&fields, &app.site.timezone);
    let format = fields.one("format").parse::<TextFormat>().ok();
    let Some(format) = format.filter(|_| narrowed.errors.is_empty()) else {
        return list::refused(&session, &narrowed).await;
    };
    let mut detail = narrowed.detail();
    detail["format"] = json!(format.as_str());
    audit_disclosure(app, &session.actor(), Disclosure::Audit, &detail).await?;
    let addresses = addresses(app).await?;
    let csv = CsvRows::begin(COLUMNS.into_iter())?;
    let rest =
        Rest { app: app.clone(), filter: narrowed.filter, format, csv, addresses, before: None };
    let pieces = stream::try_unfold(Some(rest), |rest| async {
        match rest {
            Some(rest) => rest.next().await,
            None => Ok(None),
        }
    });
    let body = Body::from_stream(pieces);
    let disposition = format!("attachment; filename=\"audit.{}\"", format.as_str());
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, body).into_response())
}

/// What is still to be written.
struct Rest {
    app: Arc<App>,
    filter: AuditFilter,
    format: TextFormat,
    csv: CsvRows,
    addresses: HashMap<String, String>,
    before: Option<Uuid>,
}

impl Rest {
    /// The next entries as bytes, and what comes after them.
    async fn next(mut self) -> Result<Option<(Bytes, Option<Self>)>, Error> {
        let mut tx = self.app.db.read().await?;
        let entries = list_newest(&mut tx, &self.filter, self.before, PIECE).await?;
        drop(tx);
        let more = i64::try_from(entries.len()) == Ok(PIECE);
        self.before = entries.last().map(|last| last.audit_entry_id);
        let mut out = Vec::new();
        for entry in &entries {
            self.write(&mut out, entry)?;
        }
        if self.format == TextFormat::Csv {
            out = self.csv.take()?;
        }
        Ok(Some((Bytes::from(out), more.then_some(self))))
    }

    fn write(&mut self, out: &mut Vec<u8>, entry: &DatedEntry) -> Result<(), Error> {
        let who = labels::who(&entry.actor, &self.addresses);
        let DatedEntry { audit_entry_id, at, actor, action, detail } = entry;
        if self.format == TextFormat::Csv {
            let (id, at, detail) = (audit_entry_id.to_string(), at.to_string(), detail.to_string());
            self.csv.row(
                [&id, &at, actor, &who, action, &detail]
                    .map(|cell| Some(cell.as_str()))
                    .into_iter(),
            )?;
            return Ok(());
        }
        let line = json!({"audit_entry_id": audit_entry_id, "at": at, "actor": actor, "who": who,
                          "action": action, "detail": detail.0});
        out.extend_from_slice(line.to_string().as_bytes());
        out.push(b'\n');
        Ok(())
    }
}
