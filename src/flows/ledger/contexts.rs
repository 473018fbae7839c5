//! What events are given in: many share it, so it is made once for all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use assent_ledger::leaf::canonical;
use uuid::Uuid;

use super::evidence::{Form, PolicyShown, Shown, Words};
use crate::domain::consent::event::{Context, ControllerEvidence, NoticeEvidence, PolicyEvidence};
use crate::domain::signup::submitted_form::{DrawnBy, Method};
use crate::domain::slug::Slug;
use crate::flows::FlowSettings;
use crate::store::consent::contexts::NewContext;

/// How many are held at most. There are about as many as there are forms, words and policies together.
const MOST: usize = 1024;

/// The contexts that were made with the same settings.
#[derive(Default)]
pub struct Contexts(Mutex<HashMap<Shared, Arc<NewContext>>>);

/// By what two contexts of one program are told apart.
#[derive(PartialEq, Eq, Hash)]
struct Shared {
    notice_id: Uuid,
    policy_version_id: Uuid,
    report: Option<Slug>,
    form: Option<String>,
    drawn_by: Option<DrawnBy>,
    method: Method,
    source: String,
    is_of_form: bool,
}

impl Contexts {
    /// These words, on this form. The settings are always the same.
    ///
    /// # Errors
    /// When the context has no canonical form.
    pub fn shown<'w>(
        &self,
        settings: &FlowSettings,
        form: &Form<'_>,
        words: &Words<'w>,
    ) -> serde_json::Result<Shown<'w>> {
        let shared = Shared {
            notice_id: words.notice_id,
            policy_version_id: form.policy.policy_version_id,
            report: form.report.cloned(),
            form: form.workflow.form.map(str::to_owned),
            drawn_by: form.workflow.drawn_by,
            method: form.method,
            source: form.source.to_owned(),
            is_of_form: form.signup_id.is_some(),
        };
        let (purpose, notice_id) = (words.purpose, words.notice_id);
        if let Some(context) = self.lock().get(&shared).cloned() {
            return Ok(Shown { purpose, notice_id, context });
        }
        let context = Arc::new(context(settings, form, words)?);
        let mut made = self.lock();
        if made.len() == MOST {
            made.clear();
        }
        made.insert(shared, context.clone());
        Ok(Shown { purpose, notice_id, context })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Shared, Arc<NewContext>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn context(
    settings: &FlowSettings,
    form: &Form<'_>,
    words: &Words<'_>,
) -> serde_json::Result<NewContext> {
    let controller = &settings.controller;
    let PolicyShown { label, lang, sha256, .. } = form.policy;
    // Nothing is sent or stored without the privacy policy; all other boxes are free.
    let required = form.signup_id.map(|_| words.purpose.is_privacy_policy());
    let body = canonical(&Context {
        controller: ControllerEvidence {
            address: &controller.address,
            contact: &controller.contact,
            identifier: &controller.identifier,
            name: &controller.name,
        },
        drawn_by: form.workflow.drawn_by,
        form: form.workflow.form,
        method: form.method,
        notice: NoticeEvidence { lang: words.lang, sha256: words.sha256 },
        policy: PolicyEvidence { label, lang, sha256 },
        processing: &settings.processing,
        purpose: words.purpose,
        report: form.report,
        required,
        site: settings.site(),
        source: form.source,
    })?;
    Ok(NewContext::new(body))
}
