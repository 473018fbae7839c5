//! One cryptography for every TLS connection.

use std::sync::Once;

static CHOSEN: Once = Once::new();

/// Makes ring the provider of all TLS in this process. Call it before the first connection; once is
/// enough, more do no harm.
pub fn use_ring() {
    CHOSEN.call_once(|| {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::warn!("another TLS provider was chosen before");
        }
    });
}
