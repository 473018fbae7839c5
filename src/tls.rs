//! One cryptography for every TLS connection.

use std::sync::{Arc, Once, OnceLock};

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

/// How we speak to servers whose certificates the machine's own authorities vouch for.
#[must_use]
pub fn client() -> Arc<rustls::ClientConfig> {
    static CONFIG: OnceLock<Arc<rustls::ClientConfig>> = OnceLock::new();
    CONFIG
        .get_or_init(|| {
            use_ring();
            let mut roots = rustls::RootCertStore::empty();
            let found = rustls_native_certs::load_native_certs();
            for error in &found.errors {
                tracing::warn!(%error, "a certificate authority of this machine cannot be read");
            }
            roots.add_parsable_certificates(found.certs);
            let config = rustls::ClientConfig::builder().with_root_certificates(roots);
            Arc::new(config.with_no_client_auth())
        })
        .clone()
}
