//! Mail with the newest checkpoint, to whoever is to keep it.

use serde::Serialize;

use crate::domain::timestamp::Timestamp;
use crate::templates::page::MailTemplate;

/// `mail/checkpoint`: the newest signed tree head.
#[derive(Clone, Debug, Serialize)]
pub struct CheckpointMail {
    /// The ledger's name.
    pub origin: String,
    /// How many leaves it has.
    pub size: i64,
    /// The signed head (C2SP tlog-checkpoint).
    pub note: String,
    /// When the mail was decided on.
    pub date: Timestamp,
    /// That it holds all that the head before held, which was mailed before.
    pub proof: Option<ShownProof>,
}

/// A consistency proof (RFC 6962 §2.1.2).
#[derive(Clone, Debug, Serialize)]
pub struct ShownProof {
    /// How many leaves the earlier tree has.
    pub old: i64,
    /// Its hashes, base64.
    pub hashes: Vec<String>,
}

impl MailTemplate for CheckpointMail {
    const NAME: &'static str = "checkpoint";

    fn samples() -> Vec<Self> {
        let origin = "reports.example.org";
        let of_size = |size, proof| Self {
            origin: origin.to_owned(),
            size,
            note: format!("{origin}\n{size}\nR09PRCBST09U\n\n— {origin} U0lHTkFUVVJF\n"),
            date: Timestamp::SAMPLE,
            proof,
        };
        let hashes = ["UFJPT0ZQUk9PRlBST09G", "U0VDT05EU0VDT05E"];
        let hashes = hashes.map(ToOwned::to_owned).into();
        vec![of_size(1, None), of_size(312, Some(ShownProof { old: 298, hashes }))]
    }
}
