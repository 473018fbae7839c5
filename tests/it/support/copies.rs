//! Many subscribers at once.

use super::app::{Database, TestApp};

const CONSENTS: &str =
    "INSERT INTO consent (subscriber_id, purpose, state, event_id, notice_id, policy_version_id,
                          report_id, source, requested_at, confirmed_at)
     SELECT u.subscriber_id, c.purpose, c.state, c.event_id, c.notice_id, c.policy_version_id,
            c.report_id, c.source, c.requested_at, c.confirmed_at
     FROM subscriber u
     JOIN subscriber a ON a.email = 'ada@b.example'
     JOIN consent c ON c.subscriber_id = a.subscriber_id AND c.purpose = 'newsletter:weekly'
     WHERE u.email LIKE 'copy%'";

/// 60,000 more like ada@b.example with the weekly, so that what reads all of them takes its time.
pub async fn copy_subscribers(app: &TestApp, database: Database) {
    let people = match database {
        Database::Sqlite => {
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
             INSERT INTO subscriber (subscriber_id, email, address_key, name, organisation, last_seq,
                                     verified_at, created_at)
             SELECT randomblob(16), 'copy' || i || '@b.example', randomblob(32), u.name, u.organisation, 1,
                    u.verified_at, u.created_at
             FROM n JOIN subscriber u ON u.email = 'ada@b.example'"
        }
        Database::Postgres => {
            "INSERT INTO subscriber (subscriber_id, email, address_key, name, organisation, last_seq,
                                     verified_at, created_at)
             SELECT gen_random_uuid(), 'copy' || i || '@b.example', sha256(CAST('x' || i AS bytea)), u.name,
                    u.organisation, 1, u.verified_at, u.created_at
             FROM generate_series(1, 60000) AS n (i) JOIN subscriber u ON u.email = 'ada@b.example'"
        }
    };
    app.tamper(people).await.expect("copies");
    app.tamper(CONSENTS).await.expect("copies");
}
