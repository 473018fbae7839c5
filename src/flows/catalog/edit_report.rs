//! What a report's page says is changed, and its file or cover replaced.

use serde_json::json;

use crate::domain::catalog::address_rules::{AddressRules, Answer, DomainRule};
use crate::domain::catalog::media_type::MediaType;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::catalog::report_details::{Merged, ReportDetails};
use crate::domain::catalog::return_address::ReturnAddress;
use crate::domain::slug::Slug;
use crate::domain::staff::action::Action;
use crate::files::StoredFile;
use crate::flows::Act;
use crate::flows::catalog::add_report::known_newsletters;
use crate::flows::catalog::report_error::ReportError;
use crate::store::Tx;
use crate::store::catalog::reports::{self, Report, ReportFile};
use crate::store::catalog::{newsletters, purposes};

/// What to change of a report's page; what is `None` stays.
pub struct ReportEdit {
    /// Its title.
    pub title: Option<String>,
    /// One or two sentences about it.
    pub summary: Option<String>,
    /// Its text, Markdown.
    pub body: Option<String>,
    /// Where its readers can go on.
    pub return_to: Option<NewReturn>,
    /// Which addresses its form takes: the rules that change.
    pub rules: Vec<RuleChange>,
    /// Where its new cover lies, and the cover's media type.
    pub cover: Option<(String, MediaType)>,
}

/// A rule for addresses as it is to be; none where it is to hold no more.
#[derive(Clone, Debug)]
pub enum RuleChange {
    /// About free mail services.
    Work(Option<Answer>),
    /// About addresses that are thrown away.
    Disposable(Option<Answer>),
    /// About all but some domains.
    Allowed(Option<DomainRule>),
    /// About some domains.
    Refused(Option<DomainRule>),
}

impl RuleChange {
    fn change(&self, rules: &mut AddressRules) {
        match self {
            Self::Work(answer) => rules.work = *answer,
            Self::Disposable(answer) => rules.disposable = *answer,
            Self::Allowed(rule) => rules.allowed.clone_from(rule),
            Self::Refused(rule) => rules.refused.clone_from(rule),
        }
    }
}

/// Where the readers of a report are to go on.
pub enum NewReturn {
    /// Nowhere in particular.
    Nowhere,
    /// On this page.
    To(ReturnAddress),
}

/// What became of an edit that says what it saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is what the report is now. Somebody else's changes of these other fields were kept.
    Done {
        /// The fields, by the names that their form has for them.
        kept: Vec<&'static str>,
    },
    /// Somebody else changed fields that this edit changes too; nothing was saved.
    Overtaken {
        /// The edit, with what it did not touch as it stands now.
        mine: Box<Merged>,
        /// What the report is now.
        now: Box<ReportDetails>,
    },
}

/// Changes some of what a report's page says. Gives the key of the cover that was replaced, which no row
/// names once this is committed.
///
/// # Errors
/// When there is no such report.
pub async fn edit_report(
    tx: &mut Tx,
    act: &Act,
    slug: &Slug,
    edit: &ReportEdit,
) -> Result<Option<String>, ReportError> {
    let report = lock(tx, slug).await?;
    let before = details_of(tx, &report).await?;
    let mut after = before.clone();
    let fields = [
        (&mut after.title, &edit.title),
        (&mut after.summary, &edit.summary),
        (&mut after.body, &edit.body),
    ];
    for (field, new) in fields {
        if let Some(new) = new {
            field.clone_from(new);
        }
    }
    match &edit.return_to {
        None => {}
        Some(NewReturn::Nowhere) => after.return_to = None,
        Some(NewReturn::To(address)) => after.return_to = Some(address.clone()),
    }
    for rule in &edit.rules {
        rule.change(&mut after.address_rules);
    }
    if let Some(difference) = before.difference(&after) {
        reports::update(tx, report.report_id, &after).await?;
        let mut detail = json!({"slug": slug});
        merge(&mut detail, difference);
        act.audit(tx, Action::ReportEdit, &detail).await?;
    }
    match &edit.cover {
        Some((key, media_type)) => replace_cover(tx, act, slug, (key, *media_type)).await,
        None => Ok(None),
    }
}

/// An edit that says what it was made from.
#[derive(Clone, Copy)]
pub struct SeenEdit<'a> {
    /// What its editor saw, as their form said it.
    pub seen: &'a str,
    /// What the report is to be.
    pub mine: &'a ReportDetails,
}

/// Makes a report what an editor decided. What somebody else changed since `seen` stays where this edit did
/// not touch it, and stops it where it did: nobody's work is lost unseen.
///
/// # Errors
/// When there is no such report, newsletter or purpose.
pub async fn save_report(
    tx: &mut Tx,
    act: &Act,
    slug: &Slug,
    edit: SeenEdit<'_>,
) -> Result<Saved, ReportError> {
    let SeenEdit { seen, mine } = edit;
    let report = lock(tx, slug).await?;
    let before = details_of(tx, &report).await?;
    let merged = before.merge(seen, mine);
    if !merged.conflicts.is_empty() {
        return Ok(Saved::Overtaken { mine: Box::new(merged), now: Box::new(before) });
    }
    let Merged { details: after, kept, .. } = merged;
    let newsletter_ids = known_newsletters(tx, &after.newsletters).await?;
    let known = purposes::list(tx).await?;
    if let Some(code) =
        after.purposes.iter().find(|code| !known.iter().any(|own| own.code == **code))
    {
        return Err(ReportError::UnknownPurpose(code.clone()));
    }
    let Some(difference) = before.difference(&after) else { return Ok(Saved::Done { kept }) };
    reports::update(tx, report.report_id, &after).await?;
    reports::replace_newsletters(tx, report.report_id, &newsletter_ids).await?;
    reports::replace_purposes(tx, report.report_id, &after.purposes).await?;
    let mut detail = json!({"slug": slug});
    merge(&mut detail, difference);
    act.audit(tx, Action::ReportEdit, &detail).await?;
    Ok(Saved::Done { kept })
}

/// Gives a report another file: its page stays, and grants given before open the new one. Gives the key of
/// the old, which no row names once this is committed.
///
/// # Errors
/// When there is no such report.
pub async fn replace_file(
    tx: &mut Tx,
    act: &Act,
    slug: &Slug,
    file: &StoredFile,
) -> Result<String, ReportError> {
    let report = lock(tx, slug).await?;
    let new = ReportFile {
        key: file.key.clone(),
        media_type: file.media_type,
        byte_size: file.byte_size,
        sha256: file.sha256.clone(),
    };
    reports::update_file(tx, report.report_id, &new).await?;
    let detail = json!({
        "slug": slug,
        "changed": ["file"],
        "before": {"file": {"sha256": report.sha256, "bytes": report.byte_size}},
        "after": {"file": {"sha256": new.sha256, "bytes": new.byte_size}},
    });
    act.audit(tx, Action::ReportFile, &detail).await?;
    Ok(report.file_key)
}

/// Gives a report another cover, and the key of the old one, which no row names once this is committed.
///
/// # Errors
/// When there is no such report.
pub async fn replace_cover(
    tx: &mut Tx,
    act: &Act,
    slug: &Slug,
    (key, media_type): (&str, MediaType),
) -> Result<Option<String>, ReportError> {
    let report = lock(tx, slug).await?;
    reports::update_cover(tx, report.report_id, key, media_type).await?;
    let detail = json!({
        "slug": slug,
        "changed": ["cover"],
        "before": {"cover": report.cover_media_type.map(|before| before.name)},
        "after": {"cover": media_type.name},
    });
    act.audit(tx, Action::ReportCover, &detail).await?;
    Ok(report.cover_key)
}

/// What an editor sees of a report.
pub async fn details_of(tx: &mut Tx, report: &Report) -> Result<ReportDetails, sqlx::Error> {
    let offers = reports::list_offers(tx).await?;
    let offers = offers.into_iter().filter(|(report_id, _)| *report_id == report.report_id);
    let offers: Vec<Purpose> = offers.map(|(_, purpose)| purpose).collect();
    let known = newsletters::list(tx).await?;
    let slug_of = |purpose: &Purpose| {
        let newsletter = known.iter().find(|known| Purpose::newsletter(&known.slug) == *purpose);
        newsletter.map(|newsletter| newsletter.slug.clone())
    };
    Ok(ReportDetails {
        title: report.title.clone(),
        summary: report.summary.clone(),
        body: report.body.clone().unwrap_or_default(),
        pages: report.pages,
        requires_name: report.requires_name,
        requires_organisation: report.requires_organisation,
        requires_job_title: report.requires_job_title,
        return_to: report.return_to.clone(),
        address_rules: report.address_rules.clone(),
        newsletters: offers.iter().filter_map(slug_of).collect(),
        purposes: offers.into_iter().filter(Purpose::is_own).collect(),
    })
}

async fn lock(tx: &mut Tx, slug: &Slug) -> Result<Report, ReportError> {
    reports::lock(tx, slug).await?.ok_or_else(|| ReportError::Unknown(slug.clone()))
}

fn merge(detail: &mut serde_json::Value, more: serde_json::Value) {
    if let (Some(detail), serde_json::Value::Object(more)) = (detail.as_object_mut(), more) {
        detail.extend(more);
    }
}
