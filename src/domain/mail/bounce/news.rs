//! What came back about a mail, before it is known whom the mail went to.

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::bounce::verdict::Verdict;
use crate::domain::mail::bounce::{Bounce, BounceKind, EnhancedStatus};

/// What a message that came back says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The mail did not arrive.
    Undelivered(Report),
    /// Its reader reported it as unwanted.
    Complaint,
}

/// What a report says, recipient by recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Each that it tells of, as it names them.
    pub fates: Vec<Fate>,
    /// Whether anything in it says that the address mailed may be alive, whoever it is: then nothing in it counts
    /// as hard.
    pub softened: bool,
}

/// What became of the mail to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// Who that is; none where it is no address that this program mails, or the mail went on from there.
    pub recipient: Option<EmailAddress>,
    /// What was said of them.
    pub verdict: Verdict,
    /// Why, where that was said.
    pub status: Option<EnhancedStatus>,
}

impl News {
    /// What it says of the address that the mail went to. Hard is only what is said of that address itself: one of
    /// several readers behind it who left, or one to whom its reader has mail forwarded, must not end it.
    #[must_use]
    pub fn about(&self, is_mailed: impl Fn(&EmailAddress) -> bool) -> Bounce {
        let report = match self {
            Self::Complaint => return Bounce { kind: BounceKind::Complaint, status: None },
            Self::Undelivered(report) => report,
        };
        let of_mailed = |fate: &&Fate| fate.recipient.as_ref().is_some_and(&is_mailed);
        let mut own = report.fates.iter().filter(of_mailed).peekable();
        let is_hard = !report.softened
            && own.peek().is_some()
            && own.all(|fate| fate.verdict == Verdict::Gone);
        let softest = report.fates.iter().find(|fate| fate.verdict != Verdict::Gone);
        let mut own = report.fates.iter().filter(of_mailed);
        let telling = own.next().filter(|_| is_hard).or(softest).or(report.fates.first());
        Bounce {
            kind: if is_hard { BounceKind::Hard } else { BounceKind::Soft },
            status: telling.and_then(|fate| fate.status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    fn fate(recipient: &str, verdict: Verdict, status: &str) -> Fate {
        Fate {
            recipient: EmailAddress::parse(recipient).ok(),
            verdict,
            status: status.parse().ok(),
        }
    }

    /// What these say of Ada, as kind and status.
    fn said(fates: &[Fate], softened: bool) -> (BounceKind, String) {
        let news = News::Undelivered(Report { fates: fates.to_vec(), softened });
        let ada = address("ada@b.example");
        let bounce = news.about(|recipient| recipient.normalised() == ada.normalised());
        (bounce.kind, bounce.status.map(|status| status.to_string()).unwrap_or_default())
    }

    #[test]
    fn hard_is_what_is_said_of_the_address_itself() {
        use BounceKind::{Hard, Soft};
        use Verdict::{Gone, SomethingElse, Unclear};
        let gone = fate("Ada@B.example", Gone, "5.1.1");
        let other = fate("bob@b.example", Gone, "5.1.1");
        let nobody = fate("|/usr/bin/program", Gone, "5.1.1");
        let full = fate("ada@b.example", SomethingElse, "5.2.2");
        let unclear = fate("ada@b.example", Unclear, "5.0.0");
        for (fates, softened, kind, status) in [
            (vec![gone.clone()], false, Hard, "5.1.1"),
            (vec![gone.clone(), other.clone()], false, Hard, "5.1.1"),
            (vec![gone.clone()], true, Soft, "5.1.1"),
            (vec![other.clone()], false, Soft, "5.1.1"),
            (vec![nobody], false, Soft, "5.1.1"),
            (vec![full.clone()], false, Soft, "5.2.2"),
            (vec![unclear], false, Soft, "5.0.0"),
            (vec![gone, full], false, Soft, "5.2.2"),
            (vec![], false, Soft, ""),
        ] {
            assert_eq!(said(&fates, softened), (kind, status.to_owned()), "{fates:?}");
        }
    }

    #[test]
    fn a_complaint_is_one_whoever_wrote_it() {
        let bounce = News::Complaint.about(|_| false);
        assert_eq!(bounce, Bounce { kind: BounceKind::Complaint, status: None });
    }
}
