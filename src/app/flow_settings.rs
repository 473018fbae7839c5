//! What use cases go by, of the settings.

use std::sync::Arc;

use crate::config::{Keys, Settings};
use crate::domain::consent::evidence_key::EvidenceKey;
use crate::domain::contacts::export_run::STREAMED_MOST;
use crate::flows::FlowSettings;
use crate::witnesses::Witnesses;

pub(super) fn flow_settings(
    settings: &Settings,
    evidence_key: EvidenceKey,
    keys: &Keys,
    witnesses: &Witnesses,
) -> FlowSettings {
    FlowSettings {
        evidence_key,
        address_secret: keys.addresses.clone(),
        controller: Arc::new(settings.controller.clone()),
        processing: Arc::new(settings.processing.clone()),
        base_url: Arc::new(settings.base_url.clone()),
        confirm_ttl: settings.confirm_ttl,
        download_ttl: settings.download_ttl,
        download_limit: settings.download_limit,
        mail_limit: settings.mail_per_address.clone(),
        on_collapse: settings.confirmations_collapse,
        signup_sources: settings.signup_sources,
        ledger_keys: keys.ledger.clone(),
        witnesses: witnesses.keys(),
        pending_retention: settings.pending_retention,
        evidence_retention: settings.evidence_retention,
        requests_retention: settings.requests_retention,
        streamed_most: STREAMED_MOST,
        timezone: settings.timezone.clone(),
    }
}
