//! Having witnesses sign a head.

use std::sync::Arc;

use assent_ledger::add_checkpoint::request;
use assent_ledger::consistency_proof::ConsistencyProof;
use assent_ledger::cosignature::WitnessKey;
use assent_ledger::note::SignedNote;
use assent_ledger::witness_answer::{ANSWER_MOST, Answer, WitnessSays, judge};

use super::witness::Witness;
use super::witness_error::WitnessError;
use crate::outgoing_http::{HttpClient, Question};

/// The witnesses that the operator set.
#[derive(Clone)]
pub struct Witnesses {
    client: HttpClient,
    all: Arc<[Witness]>,
}

impl Witnesses {
    /// These.
    #[must_use]
    pub fn new(all: &[Witness]) -> Self {
        Self { client: HttpClient::default(), all: all.into() }
    }

    /// All of them, in the order in which they were set.
    #[must_use]
    pub fn all(&self) -> &[Witness] {
        &self.all
    }

    /// What they sign with, in the same order.
    #[must_use]
    pub fn keys(&self) -> Arc<[WitnessKey]> {
        self.all.iter().map(|witness| witness.key.clone()).collect()
    }

    /// Asks one of them to sign a head, with the proof that it holds all that the witness knows.
    ///
    /// # Errors
    /// When it neither signs it with its key nor says how many leaves it knows.
    pub async fn ask(
        &self,
        witness: &Witness,
        head: &SignedNote,
        proof: &ConsistencyProof,
    ) -> Result<WitnessSays, WitnessError> {
        let question = Question {
            kind: "text/plain; charset=utf-8",
            accepts: "*/*",
            answer_most: ANSWER_MOST,
            body: request(proof, head)?.into_bytes(),
        };
        let answer = self.client.post(&witness.takes_at, question).await?;
        let answer = Answer {
            status: answer.status,
            content_type: answer.kind.as_deref(),
            body: &answer.body,
        };
        judge(answer, head, &witness.key).map_err(WitnessError::Refused)
    }
}
