//! The page of the ledger.

use assent_ledger::cosignature::WitnessKey;
use assent_ledger::note::encode_hash;
use serde::Serialize;

use super::time_stamps::ShownStamps;
use super::witnesses::ShownWitness;
use crate::domain::timestamp::Timestamp;
use crate::flows::ledger::cosigned_head::CosignedHead;
use crate::store::ledger::verdicts::Verdict;
use crate::templates::page::Page;
use crate::web::state::ledger_check::Ended;

/// `console/ledger.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct LedgerPage {
    /// The newest.
    pub checkpoint: Option<ShownCheckpoint>,
    /// How many events wait for their place, or that these and more do.
    pub waiting: i64,
    pub more_wait: bool,
    pub vkey: String,
    pub fingerprint: String,
    pub witnesses: Vec<ShownWitness>,
    pub stamps: ShownStamps,
    pub verdict: Option<ShownVerdict>,
    /// How far the check has come that runs.
    pub running: Option<Progress>,
    pub last: Option<LastCheck>,
}

/// A signed head.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct ShownCheckpoint {
    size: i64,
    root: String,
    note: String,
    created_at: Timestamp,
}

/// The last word on the ledger.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct ShownVerdict {
    checked_at: Timestamp,
    size: i64,
    finding: Option<String>,
    warning: Option<String>,
}

/// How many of how many leaves are checked.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::web::console) struct Progress {
    pub done: i64,
    pub size: i64,
}

/// What the last check that was asked for here came to, with all that it found.
#[derive(Clone, Debug, Default, Serialize)]
pub(in crate::web::console) struct LastCheck {
    failed: bool,
    size: i64,
    erased: u64,
    checkpoints: u64,
    findings: Vec<String>,
    more: u64,
}

impl ShownCheckpoint {
    pub(super) fn of(newest: &CosignedHead, witnesses: &[WitnessKey]) -> Self {
        let root = newest.head.root.as_slice().try_into().map(|root| encode_hash(&root));
        Self {
            size: newest.head.size,
            root: root.unwrap_or_default(),
            note: newest.note(witnesses),
            created_at: newest.head.created_at,
        }
    }
}

impl From<Verdict> for ShownVerdict {
    fn from(verdict: Verdict) -> Self {
        let Verdict { checked_at, size, finding, warning } = verdict;
        Self { checked_at, size, finding, warning }
    }
}

impl From<&Ended> for LastCheck {
    fn from(last: &Ended) -> Self {
        match last {
            Ended::Told(told) => Self {
                failed: false,
                size: told.size,
                erased: told.erased,
                checkpoints: told.checkpoints,
                findings: told.findings.clone(),
                more: told.more,
            },
            Ended::Failed(_) => Self { failed: true, ..Self::default() },
        }
    }
}

impl Page for LedgerPage {
    const TEMPLATE: &'static str = "console/ledger.html";

    fn samples() -> Vec<Self> {
        let at = Timestamp::SAMPLE;
        let checkpoint = ShownCheckpoint {
            size: 4118,
            root: "5ZSeWcdmcTbnNFWQLXUkTnXUYJxtOTPBNDPFYLRbJgo=".to_owned(),
            note: "reports.example.org\n4118\n5ZSeWcdmcTbnNFWQLXUkTnXUYJxtOTPBNDPFYLRbJgo=\n"
                .to_owned(),
            created_at: at,
        };
        let verdict = ShownVerdict { checked_at: at, size: 4100, finding: None, warning: None };
        let last = LastCheck { size: 4100, erased: 3, checkpoints: 880, ..LastCheck::default() };
        let sound = Self {
            checkpoint: Some(checkpoint),
            waiting: 2,
            more_wait: false,
            vkey: "reports.example.org+1f2a3b4c+AQID".to_owned(),
            fingerprint: "1f2a 3b4c".to_owned(),
            witnesses: ShownWitness::samples(),
            stamps: ShownStamps::sample(),
            verdict: Some(verdict.clone()),
            running: None,
            last: Some(last.clone()),
        };
        let findings =
            ["row 7: its leaf is not the one that was sealed", "row 9: its body is another"];
        let found = ShownVerdict {
            finding: Some(findings[0].to_owned()),
            warning: Some("event 7 bears an earlier time than the one before it".to_owned()),
            ..verdict
        };
        let told = LastCheck { findings: findings.map(str::to_owned).to_vec(), more: 12, ..last };
        let broken = Self { verdict: Some(found), last: Some(told), ..sound.clone() };
        let failed = LastCheck { failed: true, ..LastCheck::default() };
        let stamps = ShownStamps::sample_without();
        let failed = Self { last: Some(failed), stamps, ..sound.clone() };
        let running = Self { running: Some(Progress { done: 1024, size: 4118 }), ..sound.clone() };
        let nothing = Self {
            checkpoint: None,
            waiting: 0,
            more_wait: true,
            verdict: None,
            last: None,
            witnesses: vec![],
            stamps: ShownStamps::default(),
            ..sound.clone()
        };
        vec![sound, broken, failed, running, nothing]
    }
}
