//! What goes when a person is erased (GDPR Art. 17).

use super::{Tx, on};
use crate::domain::address_key::AddressKey;

/// Deletes all that is held of an address: the subscriber, their signups, mail, grants and downloads, and
/// the bodies and salts of their events. The leaves stay, and what suppresses the address.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn delete_all(tx: &mut Tx, address_key: &AddressKey) -> sqlx::Result<()> {
    // Whoever is delivering such a mail at this moment finds another number and lets go of it.
    const FENCE: &str = "UPDATE outbox SET claims = claims + 1
         WHERE signup_id IN (SELECT signup_id FROM signup WHERE address_key = $1)
            OR subscriber_id IN (SELECT subscriber_id FROM subscriber WHERE address_key = $1)";
    const DELIVERIES: &str = "DELETE FROM delivery WHERE outbox_id IN (SELECT outbox_id FROM outbox
         WHERE signup_id IN (SELECT signup_id FROM signup WHERE address_key = $1)
            OR subscriber_id IN (SELECT subscriber_id FROM subscriber WHERE address_key = $1))";
    const MAIL: &str = "DELETE FROM outbox
         WHERE signup_id IN (SELECT signup_id FROM signup WHERE address_key = $1)
            OR subscriber_id IN (SELECT subscriber_id FROM subscriber WHERE address_key = $1)";
    const BARE_EVENTS: &str =
        "UPDATE consent_event SET body = NULL, salt = NULL WHERE subject_id IN
         (SELECT signup_id FROM signup WHERE address_key = $1
          UNION ALL SELECT subscriber_id FROM subscriber WHERE address_key = $1)";
    const DOWNLOADS: &str = "DELETE FROM download WHERE download_grant_id IN
         (SELECT g.download_grant_id FROM download_grant g
          JOIN subscriber u ON u.subscriber_id = g.subscriber_id WHERE u.address_key = $1)";
    const GRANTS: &str = "DELETE FROM download_grant WHERE subscriber_id IN
         (SELECT subscriber_id FROM subscriber WHERE address_key = $1)";
    const SIGNUPS: &str = "DELETE FROM signup WHERE address_key = $1";
    const REQUESTS: &str = "DELETE FROM link_request WHERE address_key = $1";
    const CONSENTS: &str = "DELETE FROM consent WHERE subscriber_id IN
         (SELECT subscriber_id FROM subscriber WHERE address_key = $1)";
    const SUBSCRIBER: &str = "DELETE FROM subscriber WHERE address_key = $1";
    for statement in [
        FENCE,
        DELIVERIES,
        MAIL,
        BARE_EVENTS,
        DOWNLOADS,
        GRANTS,
        SIGNUPS,
        REQUESTS,
        CONSENTS,
        SUBSCRIBER,
    ] {
        on!(tx, |conn| sqlx::query(statement).bind(address_key).execute(conn).await.map(drop))?;
    }
    Ok(())
}

/// How many signups are held of an address.
///
/// # Errors
/// When the database does not answer.
pub async fn count_signups(tx: &mut Tx, address_key: &AddressKey) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar("SELECT count(*) FROM signup WHERE address_key = $1")
        .bind(address_key)
        .fetch_one(conn)
        .await)
}
