//! The words and people the demonstration starts with. All of them are invented.

/// The legal entity named in notices.
pub const CONTROLLER_NAME: &str = "Civic Digital Press Ltd";
/// Its postal address.
pub const CONTROLLER_ADDRESS: &str = "14 Quayside Row, Northmoor NM1 4CD";
/// How it is reached about personal data.
pub const CONTROLLER_CONTACT: &str = "privacy@civicdigitalpress.example";

/// Who its mail comes from.
pub const MAIL_FROM: &str = "Civic Digital Press <reports@civicdigitalpress.example>";

/// The version of the privacy policy.
pub const POLICY_LABEL: &str = "2026-11";
/// The text of the privacy policy, Markdown.
pub const POLICY: &str = include_str!("privacy_policy.md");

/// The report's short name.
pub const REPORT_SLUG: &str = "local-digital-transformation";
/// Its title.
pub const REPORT_TITLE: &str = "Local digital transformation: where councils stand";
/// What it is about, in a sentence.
pub const REPORT_SUMMARY: &str = "What 75 councils say about their leaders, their people, their skills and their money, in eight pages.";
/// The landing page's text in Markdown.
pub const REPORT_BODY: &str = "\
Seventy-five councils told us how their digital work is going. Senior people are behind it: 37% of \
senior executives and heads of service are very engaged, and another 42% quite engaged.

Further out it looks different. Among councillors 13% are very engaged, among frontline staff 11%, \
and over 40% of both are not very engaged or not engaged at all. Only 7% have all the skills that \
they need, and 2% are fully confident of the funding.

## What you will find

- Who is engaged, from the chief executive to the counter
- Where skills and money fall short, and how the two gaps feed each other
- Six questions to take into your next meeting

It reads in ten minutes and needs no technical knowledge.
";

/// The report itself: tagged, in British English, made by `assets/demo/make_report`.
pub const REPORT: &[u8] = include_bytes!("../../assets/demo/report.pdf");
/// How many pages it has.
pub const REPORT_PAGES: u32 = 8;

/// The newsletter's short name.
pub const NEWSLETTER_SLUG: &str = "weekly-briefing";
/// Its name.
pub const NEWSLETTER_NAME: &str = "Weekly briefing";
/// What to expect from it.
pub const NEWSLETTER_DESCRIPTION: &str =
    "Every Thursday: what councils are building, what it cost and what they learned.";

/// Someone who has already asked for the report and confirmed.
pub struct SampleSubscriber {
    /// Their name.
    pub name: &'static str,
    /// Where they work.
    pub organisation: &'static str,
    /// What they do there.
    pub job_title: &'static str,
    /// Their address.
    pub email: &'static str,
    /// Whether the newsletter's box was ticked too.
    pub newsletter: bool,
    /// Whether they fetched the report.
    pub downloads: bool,
}

/// Somebody who asked for the report alone.
const fn person(
    name: &'static str,
    organisation: &'static str,
    job_title: &'static str,
    email: &'static str,
) -> SampleSubscriber {
    SampleSubscriber { name, organisation, job_title, email, newsletter: false, downloads: false }
}

impl SampleSubscriber {
    const fn with_newsletter(self) -> Self {
        Self { newsletter: true, ..self }
    }

    const fn who_downloads(self) -> Self {
        Self { downloads: true, ..self }
    }
}

/// The people the demonstration starts with.
#[rustfmt::skip]
pub const SUBSCRIBERS: [SampleSubscriber; 12] = [
    person("Ada Hughes", "Northmoor Council", "Head of digital services", "ada.hughes@northmoor-council.example").with_newsletter().who_downloads(),
    person("Tom Okafor", "Northmoor Council", "Service designer", "tom.okafor@northmoor-council.example").who_downloads(),
    person("Priya Nair", "Eastbrook Borough Council", "Chief information officer", "priya.nair@eastbrook.example").with_newsletter().who_downloads(),
    person("Gareth Pugh-Lewis", "Cyngor Dyffryn", "Director of transformation", "gareth.pugh-lewis@dyffryn.example").with_newsletter(),
    person("Siobhán O’Neill", "Harrowfold District Council", "Programme manager", "siobhan.oneill@harrowfold.example").who_downloads(),
    person("Marcus Bell", "Saltmarsh County Council", "Head of customer services", "marcus.bell@saltmarsh.example").with_newsletter().who_downloads(),
    person("Yusuf Demir", "Kingsholt City Council", "Data lead", "yusuf.demir@kingsholt.example"),
    person("Eleanor Strand", "Kingsholt City Council", "Councillor", "cllr.strand@kingsholt.example").with_newsletter().who_downloads(),
    person("Wei Lin", "Fenwick and Lode Council", "Finance business partner", "wei.lin@fenwick-lode.example"),
    person("Joanne Prescott", "Millbeck Metropolitan Borough", "Assistant chief executive", "j.prescott@millbeck.example").with_newsletter().who_downloads(),
    person("Alasdair Reid", "Glenorran Council", "Enterprise architect", "alasdair.reid@glenorran.example").with_newsletter(),
    person("Bisi Adeyemi", "Saltmarsh County Council", "Library services manager", "bisi.adeyemi@saltmarsh.example").who_downloads(),
];

/// Who has left the newsletter since.
pub const LEFT_THE_NEWSLETTER: &str = "j.prescott@millbeck.example";
/// Who has withdrawn everything since.
pub const WITHDREW: &str = "yusuf.demir@kingsholt.example";
/// Whose mailbox does not take mail any more; it took the confirmation mail.
pub const BOUNCED: &str = "alasdair.reid@glenorran.example";
/// Who signed up with an address that there is not.
pub const MISTYPED: &str = "femi.ojo@harrowfold.example";

/// People who have not confirmed yet.
#[rustfmt::skip]
pub const WAITING: [SampleSubscriber; 3] = [
    person("Nia Morgan", "Cyngor Dyffryn", "Digital inclusion officer", "nia.morgan@dyffryn.example").with_newsletter(),
    person("Harriet Cole", "Millbeck Metropolitan Borough", "Councillor", "cllr.cole@millbeck.example"),
    person("Femi Ojo", "Harrowfold District Council", "Business analyst", "femi.ojo@harrowfold.example").with_newsletter(),
];

/// Who signs in to the console.
pub const STAFF: &str = "admin@civicdigitalpress.example";

#[cfg(test)]
mod tests {
    use super::{REPORT, REPORT_PAGES, REPORT_TITLE};

    #[test]
    fn the_report_is_what_its_page_says() {
        let count = |words: &str| {
            let words = words.as_bytes();
            REPORT.windows(words.len()).filter(|window| *window == words).count()
        };
        assert!(REPORT.starts_with(b"%PDF-"));
        assert_eq!(count("/Type /Page\n"), REPORT_PAGES as usize);
        assert_eq!(count(&format!("/Title ({REPORT_TITLE})\n/Author (Civic Digital Press)")), 1);
        assert!(count("/Lang (en-GB)") > 0);
    }
}
