//! Fills an empty database with the demo's content, through the same use cases as everybody.

use std::sync::Arc;
use std::time::Duration;

use super::texts;
use crate::domain::catalog::address_rules::AddressRules;
use crate::domain::catalog::notice::LANG;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::catalog::report::ReportStatus;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::bounce::{Bounce, BounceKind};
use crate::domain::mail::outbox::MailKind;
use crate::domain::policy::version::Change;
use crate::domain::signup::link::Link;
use crate::domain::signup::signup_source::SignupSource;
use crate::domain::signup::submitted_form::{DrawnBy, Method};
use crate::domain::slug::Slug;
use crate::domain::staff::member::Role;
use crate::domain::staff::password::PasswordHash;
use crate::domain::text::Line;
use crate::files::Files;
use crate::flows::catalog::add_newsletter::add_newsletter;
use crate::flows::catalog::add_report::{ReportOffers, add_report};
use crate::flows::catalog::publish_report::publish_report;
use crate::flows::catalog::show_notices::{show_notices, wording};
use crate::flows::consent::withdraw::{Leave, Leaving, withdraw};
use crate::flows::mail::record_bounce::{Recorded, record_bounce};
use crate::flows::policy::publish_policy::publish_policy;
use crate::flows::signup::confirm::{Confirmation, Press, confirm};
use crate::flows::signup::sign_up::{SignUp, sign_up};
use crate::flows::signup::start_download::start_download;
use crate::flows::staff::add_staff::{NewStaff, add_staff};
use crate::flows::{Act, By, FlowSettings};
use crate::random::Moment;
use crate::site::Controller;
use crate::store::catalog::newsletters::NewNewsletter;
use crate::store::catalog::notices::Notice;
use crate::store::catalog::report_drawings::DrawnReport;
use crate::store::catalog::reports::{self, Report};
use crate::store::contacts::subscribers;
use crate::store::mail::mails::{self, MailFilter};
use crate::store::mail::outbox;
use crate::store::policy::versions::{NewPolicyVersion, PolicyVersion};
use crate::store::signup::{download_grants, signups};
use crate::store::{Db, Tx};

/// Why the demo could not be filled.
pub type SeedError = Box<dyn std::error::Error + Send + Sync>;

const ACTOR: &str = "demo";
const DAY: Duration = Duration::from_hours(24);
/// How long ago the first of it was there.
const LONG_AGO: Duration = Duration::from_hours(15 * 24);

/// What the sample subscribers signed up for.
struct Offered {
    policy: Arc<PolicyVersion>,
    report: (uuid::Uuid, Slug),
    notices: Vec<Arc<Notice>>,
}

/// Publishes the sample policy, newsletter and report and signs the sample subscribers up; once: a
/// demo that was filled before stays as its user left it.
///
/// # Errors
/// When the database or the file store does not take it; then it is filled at the next start.
pub async fn seed(
    db: &Db,
    files: &Files,
    settings: &FlowSettings,
    at: &Moment,
) -> Result<(), SeedError> {
    if !reports::list(&mut db.read().await?).await?.is_empty() {
        return Ok(());
    }
    let long_ago = at.earlier(LONG_AGO);
    let report = report(files, &long_ago).await?;
    db.take_turn().await?.run(|tx| Box::pin(fill(tx, settings, at, &report))).await
}

/// All that the demo shows, as of this moment.
async fn fill(
    tx: &mut Tx,
    settings: &FlowSettings,
    at: &Moment,
    report: &Report,
) -> Result<(), SeedError> {
    let offered = offer(tx, &at.earlier(LONG_AGO), report).await?;
    for (days, person) in (1u32..).zip(&texts::SUBSCRIBERS) {
        let sent = at.earlier(DAY * days + Duration::from_secs(u64::from(days) * 4_321));
        let grant = subscribe(tx, settings, &sent, &form(&sent, &offered, person)?).await?;
        if person.downloads {
            start_download(tx, &later(&sent, 6), grant).await?;
        }
    }
    for (hours, person) in (1u32..).zip(&texts::WAITING) {
        let sent = at.earlier(Duration::from_hours(7) * hours);
        let form = form(&sent, &offered, person)?;
        sign_up(tx, &sent, settings, std::slice::from_ref(&form)).await?;
    }
    let newsletter = Purpose::newsletter(&texts::NEWSLETTER_SLUG.parse()?);
    leave(tx, settings, &at.earlier(DAY), &newsletter).await?;
    // Invented people get no mail.
    outbox::mark_all_sent(tx).await?;
    come_back(tx, settings, at).await
}

/// Makes the account that signs in to the demo's console, unless there is one; `false` when there is.
pub async fn add_account(db: &Db, at: &Moment, password: &PasswordHash) -> Result<bool, SeedError> {
    let email = EmailAddress::parse(texts::STAFF)?;
    let act = Act::new(at.clone(), ACTOR);
    let new = NewStaff { email: &email, role: Role::Admin, password_hash: password };
    Ok(db.run(|tx| Box::pin(add_staff(tx, &act, new))).await?.is_some())
}

async fn offer(tx: &mut Tx, at: &Moment, report: &Report) -> Result<Offered, SeedError> {
    let act = Act::new(at.clone(), ACTOR);
    let text = texts::POLICY.parse()?;
    let label = texts::POLICY_LABEL.parse()?;
    let new =
        NewPolicyVersion { label: &label, lang: LANG, text: &text, change: &Change::Editorial };
    let policy = publish_policy(tx, &act, new).await?.ok_or("the policy was there before")?;
    let newsletter: Slug = texts::NEWSLETTER_SLUG.parse()?;
    let name = Line::parse(texts::NEWSLETTER_NAME)?.ok_or("the newsletter has no name")?;
    let description = Line::parse(texts::NEWSLETTER_DESCRIPTION)?;
    let description = description.as_ref();
    let new = NewNewsletter { slug: &newsletter, name: &name, description, offered: true };
    let newsletter =
        add_newsletter(tx, &act, new).await?.ok_or("the newsletter was there before")?;
    let wording = wording(texts::CONTROLLER_NAME, std::slice::from_ref(&newsletter), &[]);
    let notices = show_notices(tx, at, &wording).await?.into_iter().map(Arc::new).collect();

    let controller = Controller {
        name: texts::CONTROLLER_NAME.to_owned(),
        address: texts::CONTROLLER_ADDRESS.to_owned(),
        contact: texts::CONTROLLER_CONTACT.to_owned(),
        identifier: String::new(),
    };
    let offers = ReportOffers { newsletters: &[newsletter.slug], purposes: &[] };
    add_report(tx, &act, report, offers).await?;
    publish_report(tx, &act, &report.slug, &controller).await?;
    let report = (report.report_id, report.slug.clone());
    Ok(Offered { policy: Arc::new(policy), report, notices })
}

async fn report(files: &Files, at: &Moment) -> Result<Report, SeedError> {
    let id = at.new_id();
    let sample = std::env::temp_dir().join(format!("assent-{id}.pdf"));
    std::fs::write(&sample, texts::REPORT)?;
    let file = files.put_report(id, &sample).await;
    std::fs::remove_file(&sample)?;
    let file = file?;
    Ok(Report {
        report_id: id,
        slug: texts::REPORT_SLUG.parse()?,
        title: texts::REPORT_TITLE.to_owned(),
        summary: texts::REPORT_SUMMARY.to_owned(),
        body: Some(texts::REPORT_BODY.to_owned()),
        file_key: file.key,
        media_type: file.media_type,
        byte_size: file.byte_size,
        sha256: file.sha256,
        pages: Some(texts::REPORT_PAGES.into()),
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
    })
}

fn form(
    sent: &Moment,
    offered: &Offered,
    person: &texts::SampleSubscriber,
) -> Result<SignUp, SeedError> {
    let boxes = if person.newsletter { 2 } else { 1 };
    Ok(SignUp {
        request_id: None,
        signup_id: sent.new_id(),
        email: EmailAddress::parse(person.email)?,
        name: Line::parse(person.name)?,
        organisation: Line::parse(person.organisation)?,
        job_title: Line::parse(person.job_title)?,
        report: Some(offered.report.clone()),
        policy: offered.policy.clone(),
        choices: offered.notices.iter().take(boxes).cloned().collect(),
        form: None,
        unticked: vec![],
        source: format!("/reports/{}", texts::REPORT_SLUG),
        method: Method::Form,
        drawn_by: DrawnBy::Ours,
        page: None,
        came_from: SignupSource::default(),
        request: None,
        check: None,
        replaces: None,
    })
}

/// Somebody signs up and confirms; gives the link to their download.
async fn subscribe(
    tx: &mut Tx,
    settings: &FlowSettings,
    sent: &Moment,
    form: &SignUp,
) -> Result<Link, SeedError> {
    sign_up(tx, sent, settings, std::slice::from_ref(form)).await?;
    let pressed = &later(sent, 4);
    let signup = signups::find(tx, form.signup_id).await?.ok_or("the signup was not stored")?;
    let confirmed = confirm(tx, settings.at(pressed), &signup, Press::Link).await?;
    if !matches!(confirmed, Confirmation::Confirmed { .. }) {
        return Err("the signup was not confirmed".into());
    }
    let grant = download_grants::find(tx, form.signup_id).await?.ok_or("there is no grant")?;
    Ok(Link { id: grant.download_grant_id, generation: grant.generation })
}

/// So many minutes later.
fn later(at: &Moment, minutes: u64) -> Moment {
    let mut later = at.clone();
    later.now = at.now.plus(Duration::from_mins(minutes));
    later
}

/// Some have left since.
async fn leave(
    tx: &mut Tx,
    settings: &FlowSettings,
    at: &Moment,
    newsletter: &Purpose,
) -> Result<(), SeedError> {
    let key = |email| EmailAddress::parse(email).map(|email| settings.address_secret.key(&email));
    let leavings = [
        (texts::LEFT_THE_NEWSLETTER, Leaving::One(newsletter.clone())),
        (texts::WITHDREW, Leaving::All),
    ];
    for (email, leaving) in leavings {
        let subscriber_id = subscribers::find_id(tx, &key(email)?).await?.ok_or("nobody leaves")?;
        let leave = Leave { subscriber_id, leaving: &leaving };
        withdraw(tx, settings.at(at), leave, By::form("/preferences")).await?;
    }
    Ok(())
}

/// A receipt and a confirmation mail came back, a minute after they were sent.
async fn come_back(tx: &mut Tx, settings: &FlowSettings, at: &Moment) -> Result<(), SeedError> {
    for (email, kind) in [(texts::BOUNCED, MailKind::Receipt), (texts::MISTYPED, MailKind::Confirm)]
    {
        let key = settings.address_secret.key(&EmailAddress::parse(email)?);
        let filter = MailFilter { kind: Some(kind), ..MailFilter::default() };
        let mails = mails::list(tx, &filter, None, 100).await?;
        let mail = mails.iter().find(|mail| mail.address_key.as_ref() == Some(&key));
        let mail = mail.ok_or("nothing was mailed")?;
        let mut heard = at.clone();
        heard.now = mail.created_at.plus(Duration::from_mins(1));
        let bounce = Bounce { kind: BounceKind::Hard, status: None };
        if record_bounce(tx, settings.at(&heard), mail.outbox_id, bounce).await?
            != Recorded::Recorded
        {
            return Err("the mail is gone".into());
        }
    }
    Ok(())
}
