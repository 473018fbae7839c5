//! Complaints about data protection (Data Protection Act 2018 s. 164A), and requests of people by their rights (UK GDPR
//! Art. 15, 17, 21): what they are, how they reach us, and how they end.

use serde::Serialize;
use strum::{AsRefStr, EnumString, IntoStaticStr};

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, AsRefStr, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RequestKind {
    /// That something was done wrongly with their details is looked into.
    Complaint,
    /// To know what is held of them.
    Access,
    /// That it is erased.
    Erasure,
    /// That something is not done with it any more.
    Objection,
}

impl RequestKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Complaint, Self::Access, Self::Erasure, Self::Objection];

    /// Its word in forms and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// It in words, in the middle of a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Complaint => "complaint about data protection",
            Self::Access => "request for what we hold about you",
            Self::Erasure => "request to have your details erased",
            Self::Objection => "objection to what we do with your details",
        }
    }

    /// How it can end.
    #[must_use]
    pub fn outcomes(self) -> &'static [RequestOutcome] {
        match self {
            Self::Complaint => &[
                RequestOutcome::Upheld,
                RequestOutcome::PartlyUpheld,
                RequestOutcome::NotUpheld,
                RequestOutcome::TakenBack,
            ],
            _ => &[
                RequestOutcome::Done,
                RequestOutcome::PartlyDone,
                RequestOutcome::Refused,
                RequestOutcome::TakenBack,
            ],
        }
    }

    /// What can be written to whoever asked. A complaint has no date that could be put off.
    #[must_use]
    pub fn letters(self) -> &'static [LetterTemplate] {
        match self {
            Self::Complaint => {
                &[LetterTemplate::Acknowledge, LetterTemplate::Identity, LetterTemplate::Outcome]
            }
            _ => &[
                LetterTemplate::Acknowledge,
                LetterTemplate::Identity,
                LetterTemplate::Extended,
                LetterTemplate::Outcome,
            ],
        }
    }
}

/// How a request reached us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, AsRefStr, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RequestChannel {
    /// By the form on our pages.
    Form,
    /// By post.
    Letter,
    /// By telephone.
    Telephone,
    /// By email.
    Email,
    /// Face to face.
    InPerson,
}

impl RequestChannel {
    /// Those that staff enter.
    pub const OF_STAFF: [Self; 4] = [Self::Letter, Self::Telephone, Self::Email, Self::InPerson];

    /// Its word in forms and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, AsRefStr, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RequestOutcome {
    /// The complaint was right.
    Upheld,
    /// It was right in part.
    PartlyUpheld,
    /// Nothing had been done wrongly.
    NotUpheld,
    /// What was asked for was done.
    Done,
    /// It was done in part.
    PartlyDone,
    /// It was refused, with the reason (UK GDPR Art. 12(4)).
    Refused,
    /// Whoever asked took it back.
    TakenBack,
}

impl RequestOutcome {
    /// Its word in forms and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What a letter to whoever asked is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, AsRefStr, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LetterTemplate {
    /// The program's own word that a complaint arrived by the form.
    Received,
    /// That it arrived and is looked into.
    Acknowledge,
    /// For proof of who they are (UK GDPR Art. 12(6)).
    Identity,
    /// That it takes two months more, and why (Art. 12(3)).
    Extended,
    /// What came of it.
    Outcome,
}

impl LetterTemplate {
    /// Its word in addresses and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How a letter leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, AsRefStr, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LetterWay {
    /// By email, which the program sends.
    Mail,
    /// By post or in another way of staff's own.
    Post,
}

impl LetterWay {
    /// Its word in forms and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for kind in RequestKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert!(kind.outcomes().contains(&RequestOutcome::TakenBack), "{kind:?}");
            assert!(!kind.letters().contains(&LetterTemplate::Received), "{kind:?}");
            for outcome in kind.outcomes() {
                assert_eq!(outcome.as_str().parse(), Ok(*outcome));
            }
            for template in kind.letters() {
                assert_eq!(template.as_str().parse(), Ok(*template));
            }
        }
        assert!(!RequestKind::Complaint.letters().contains(&LetterTemplate::Extended));
        assert!(!RequestChannel::OF_STAFF.contains(&RequestChannel::Form));
        assert_eq!(RequestChannel::InPerson.as_str(), "in_person");
        assert!("Complaint".parse::<RequestKind>().is_err());
        assert_eq!(LetterWay::Post.as_str().parse(), Ok(LetterWay::Post));
    }
}
