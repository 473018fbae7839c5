//! Comparisons of published policies. Anybody may ask for one, and large texts take a second of the processor's
//! time, so each is made once: what was published never changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use uuid::Uuid;

use crate::domain::policy::text_difference::{Passage, difference};
use crate::store::policy::versions::PolicyVersion;
use crate::web::{Error, markdown};

/// How long two texts are compared.
const COMPARING: Duration = Duration::from_secs(1);

/// What differs between two versions.
type Differences = Arc<Vec<Passage>>;

/// Those made so far, by their two versions.
#[derive(Default)]
pub struct Comparisons(Mutex<HashMap<(Uuid, Uuid), Differences>>);

impl Comparisons {
    /// The passages in which the words of two versions differ. One is made at a time.
    pub(in crate::web) async fn of(
        &self,
        older: &PolicyVersion,
        newer: &PolicyVersion,
    ) -> Result<Differences, Error> {
        let key = (older.policy_version_id, newer.policy_version_id);
        let mut made = self.0.lock().await;
        if let Some(passages) = made.get(&key) {
            return Ok(passages.clone());
        }
        let (older, newer) = (older.body.clone(), newer.body.clone());
        let compare = move || {
            let (older, newer) = (markdown::as_text(&older), markdown::as_text(&newer));
            let mut passages = difference(&older, &newer, COMPARING);
            passages.iter_mut().for_each(trim);
            passages
        };
        let passages = tokio::task::spawn_blocking(compare).await.map_err(|_| Error::Internal)?;
        Ok(made.entry(key).or_insert(Arc::new(passages)).clone())
    }
}

/// Takes blank lines away around a passage.
fn trim(passage: &mut Passage) {
    if let Some(first) = passage.first_mut() {
        first.text = first.text.trim_start_matches('\n').to_owned();
    }
    if let Some(last) = passage.last_mut() {
        last.text = last.text.trim_end_matches('\n').to_owned();
    }
    passage.retain(|piece| !piece.text.is_empty());
}
