//! The libraries that receivers are told to check with: those of the specification, in Python and in JavaScript.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assent::domain::staff::member::Role;
use serde_json::json;

use super::{Told, secret, start, told_all};
use crate::support::app::Database;
use crate::support::desk::hidden;

const PYTHON: &str = "
import datetime, json, sys
from standardwebhooks import webhooks
said = json.load(sys.stdin)
class StoryTime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(said['now'], tz)
webhooks.datetime = StoryTime
webhooks.Webhook(said['secret']).verify(said['body'], said['headers'])
";

const JAVASCRIPT: &str = "
const said = JSON.parse(require('fs').readFileSync(0, 'utf8'));
Date.now = () => said.now * 1000;
new (require('standardwebhooks').Webhook)(said.secret).verify(said.body, said.headers);
";

/// Where tests/release puts both: a Python with one, and modules of Node.js with the other.
fn place() -> PathBuf {
    std::env::var_os("TEST_STANDARD_WEBHOOKS").expect("TEST_STANDARD_WEBHOOKS").into()
}

/// Whether both libraries take a message at this moment; they must agree.
fn both_take(place: &Path, secret: &str, told: &Told, now: i64) -> bool {
    let signatures = told.signatures.join(" ");
    let headers = json!({"webhook-id": told.id, "webhook-timestamp": told.timestamp.to_string(),
                         "webhook-signature": signatures});
    let said = json!({"secret": secret, "headers": headers, "body": told.text, "now": now});
    let mut python = Command::new(place.join("python/bin/python"));
    python.args(["-c", PYTHON]);
    let mut node = Command::new("node");
    node.args(["-e", JAVASCRIPT]).env("NODE_PATH", place.join("node_modules"));
    let takes = [python, node].map(|mut command| {
        let command = command.env_remove("LD_PRELOAD").stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().expect("a verifier");
        running.stdin.take().unwrap().write_all(said.to_string().as_bytes()).unwrap();
        let ended = running.wait_with_output().unwrap();
        let why = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success() || why.contains("WebhookVerificationError"), "{why}");
        ended.status.success()
    });
    assert_eq!(takes[0], takes[1], "the two libraries agree");
    takes[0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn the_official_libraries_take_what_is_sent_and_nothing_else() {
    let place = place();
    let app = start(Database::Sqlite).await;
    let (receiver, path, old) = told_all(&app).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let admin = app.sign_in(Role::Admin).await;
    let since = hidden(&admin.page(&path).await, "secret");
    receiver.hears(3).await;
    let rotated = admin.post(&format!("{path}/rotate"), &format!("sure=yes&secret={since}")).await;
    let new = secret(&rotated.text());
    assert_eq!(admin.post(&format!("{path}/test"), "").await.status, 303);
    let told = receiver.hears(4).await;
    for one in &told {
        assert!(both_take(&place, &old, one, one.timestamp), "{one:?}");
        assert!(!both_take(&place, &old, one, one.timestamp + 600), "too old by then");
    }
    assert!(both_take(&place, &new, &told[3], told[3].timestamp));
    assert!(!both_take(&place, &new, &told[0], told[0].timestamp), "from before it was the secret");
    let other = Told { text: told[0].text.replace("signup", "consent"), ..told[0].clone() };
    assert!(!both_take(&place, &old, &other, other.timestamp));
    let other = Told { id: told[1].id.clone(), ..told[0].clone() };
    assert!(!both_take(&place, &old, &other, other.timestamp));
}
