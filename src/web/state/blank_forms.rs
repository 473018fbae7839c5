//! The forms as their pages show them before anything is typed: the same for all readers, so rendered once for each
//! reading of what is on offer, served to everybody, and named in the evidence of whoever sends one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::domain::consent::workflow::BlankForm;
use crate::domain::slug::Label;
use crate::web::state::catalog::Catalog;

/// The last rendering of each form, by its name.
#[derive(Default)]
pub struct BlankForms {
    kept: Mutex<HashMap<String, Kept>>,
}

struct Kept {
    /// What was on offer when it was rendered.
    catalog: Weak<Catalog>,
    form: Arc<BlankForm>,
}

impl BlankForms {
    /// The form of this name under what is on offer, rendered by `page` unless that was done before.
    ///
    /// # Errors
    /// What `page` says.
    pub(in crate::web) fn get<E>(
        &self,
        catalog: &Arc<Catalog>,
        (name, policy): (&str, &Label),
        page: impl FnOnce() -> Result<String, E>,
    ) -> Result<Arc<BlankForm>, E> {
        let now = Arc::downgrade(catalog);
        let kept = |kept: &HashMap<String, Kept>| {
            let same = kept.get(name).filter(|kept| kept.catalog.ptr_eq(&now));
            same.map(|kept| kept.form.clone())
        };
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(form) = kept(&lock()) {
            return Ok(form);
        }
        // Rendered without the lock: two who come at once do the same twice.
        let form = Arc::new(BlankForm::new(name, policy, &page()?));
        let mut forms = lock();
        // What is not on offer any more goes.
        forms.retain(|_, kept| kept.catalog.strong_count() > 0);
        forms.insert(name.to_owned(), Kept { catalog: now, form: form.clone() });
        Ok(form)
    }
}
