//! What stories begin with: a policy, a newsletter, a report, and what they add or change later.

use std::time::Duration;

use assent::domain::catalog::address_rules::AddressRules;
use assent::domain::catalog::notice::LANG;
use assent::domain::catalog::report::ReportStatus;
use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::policy::version::{Change, ChangeClass, Deadline};
use assent::domain::slug::Slug;
use assent::domain::text::Line;
use assent::flows::Act;
use assent::flows::catalog::add_newsletter::add_newsletter;
use assent::flows::catalog::add_report::{ReportOffers, add_report};
use assent::flows::catalog::publish_report::publish_report;
use assent::flows::policy::publish_policy::publish_policy;
use assent::site::Controller;
use assent::store::Tx;
use assent::store::catalog::newsletters::NewNewsletter;
use assent::store::catalog::report_drawings::DrawnReport;
use assent::store::catalog::reports::Report;
use assent::store::contacts::suppressions::{self, Suppressed};
use assent::store::policy::versions::NewPolicyVersion;

use super::{NEWSLETTER, POLICY, REPORT, SLUG, TestApp, WHAT_CHANGES};
use crate::support::poll;

/// Somebody whom readers can be told of, whatever a story sets.
fn complete_controller() -> Controller {
    let [name, address, contact] = ["A", "B", "C"].map(str::to_owned);
    Controller { name, address, contact, identifier: String::new() }
}

impl TestApp {
    /// What a story does at this moment.
    pub fn act(&self) -> Act {
        Act::new(self.core.moment(), "test")
    }

    /// One policy, one newsletter, one report that offers it.
    pub async fn publish_samples(&self) {
        let mut tx = self.core.db.write().await.expect("a transaction");
        self.publish_policy(&mut tx, POLICY).await;
        self.add_newsletter(&mut tx, NEWSLETTER, "The weekly").await;
        self.add_report(&mut tx, (SLUG, "A sample report"), &[NEWSLETTER]).await;
        tx.commit().await.expect("a commit");
    }

    pub async fn publish_policy(&self, tx: &mut Tx, label: &str) {
        let text =
            format!("# Privacy\n\nVersion {label}: we keep little.").parse().expect("a text");
        let new = NewPolicyVersion {
            label: &label.parse().expect("a label"),
            lang: LANG,
            text: &text,
            change: &Change::Editorial,
        };
        let published = publish_policy(tx, &self.act(), new).await;
        assert!(published.expect("published").is_some());
    }

    /// Publishes a version an hour later, counting so long if it asks again, and waits until pages know it.
    pub async fn publish_change(
        &self,
        label: &str,
        change_class: ChangeClass,
        lasts: Option<Duration>,
    ) {
        self.advance(Duration::from_hours(1));
        let text = format!("# Privacy\n\nVersion {label}: we keep less.").parse().expect("a text");
        let says = || WHAT_CHANGES.parse().expect("a sentence");
        let change = match (change_class, lasts) {
            (ChangeClass::Editorial, _) => Change::Editorial,
            (ChangeClass::Notify, _) => Change::Notify(says()),
            (ChangeClass::Reconsent, lasts) => {
                let now = self.clock.now();
                let until = Deadline::new(now.plus(lasts.expect("a date")), now);
                let until = until.expect("a date to come");
                Change::Reconsent { changes: says(), until }
            }
        };
        let new = NewPolicyVersion {
            label: &label.parse().expect("a label"),
            lang: LANG,
            text: &text,
            change: &change,
        };
        let mut tx = self.write().await;
        let published = publish_policy(&mut tx, &self.act(), new).await;
        assert!(published.expect("published").is_some());
        tx.commit().await.expect("a commit");
        poll::until("the new policy on its page", || async {
            let page = self.get("/policies/privacy").await.text();
            page.contains(&format!("Version {label}")).then_some(())
        })
        .await;
    }

    /// Suppresses an address for everything that the reason covers.
    pub async fn suppress(&self, email: &str, reason: SuppressionReason) {
        let email = EmailAddress::parse(email).expect("an address");
        let key = self.core.flow_settings.address_secret.key(&email);
        let mut tx = self.write().await;
        suppressions::insert(&mut tx, self.clock.now(), &Suppressed::new(&key, reason, None))
            .await
            .expect("suppressed");
        tx.commit().await.expect("a commit");
    }

    pub async fn add_newsletter(&self, tx: &mut Tx, slug: &str, name: &str) {
        let (name, about) = (Line::parse(name), Line::parse("News every Thursday"));
        let (name, about) = (name.expect("a name").expect("some"), about.expect("a description"));
        let slug = slug.parse().expect("a slug");
        let description = about.as_ref();
        let new = NewNewsletter { slug: &slug, name: &name, description, offered: true };
        let added = add_newsletter(tx, &self.act(), new).await;
        assert!(added.expect("added").is_some());
    }

    pub async fn add_report(&self, tx: &mut Tx, (slug, title): (&str, &str), newsletters: &[&str]) {
        let report = self.sample_report(slug, title).await;
        let offers: Vec<Slug> =
            newsletters.iter().map(|slug| slug.parse().expect("a slug")).collect();
        let (act, controller) = (self.act(), complete_controller());
        let offers = ReportOffers { newsletters: &offers, purposes: &[] };
        add_report(tx, &act, &report, offers).await.expect("added");
        publish_report(tx, &act, &report.slug, &controller).await.expect("published");
    }

    pub async fn sample_report(&self, slug: &str, title: &str) -> Report {
        let at = self.core.moment();
        let id = at.new_id();
        let path = self.dir.path().join(format!("{slug}.pdf"));
        std::fs::write(&path, REPORT).expect("a file");
        let file = self.core.files.put_report(id, &path).await.expect("stored");
        Report {
            report_id: id,
            slug: slug.parse().expect("a slug"),
            title: title.to_owned(),
            summary: "What there is to say about samples.".to_owned(),
            body: Some("## Inside\n\nA *few* pages.".to_owned()),
            file_key: file.key,
            media_type: file.media_type,
            byte_size: file.byte_size,
            sha256: file.sha256,
            pages: Some(4),
            cover_key: None,
            cover_media_type: None,
            requires_name: false,
            requires_organisation: false,
            requires_job_title: false,
            return_to: None,
            address_rules: AddressRules::default(),
            status: ReportStatus::Draft,
            created_at: at.now,
            published_at: None,
            drawn: DrawnReport::default(),
        }
    }
}
