//! The forms as their pages show them before anything is typed: the same for all readers, so rendered once for each
//! reading of what is on offer, served to everybody, and named in the evidence of whoever sends one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::domain::consent::blank_form::BlankForm;
use crate::domain::slug::Label;
use crate::web::state::catalog::Catalog;

/// A form's page before anything is typed: as evidence keeps it, and as readers are served it.
pub(in crate::web) struct BlankPage {
    /// As evidence keeps it.
    pub form: Arc<BlankForm>,
    /// As it is served: the same page, which names that form.
    pub html: String,
}

/// The last rendering of each page, by its name.
#[derive(Default)]
pub struct BlankForms {
    kept: Mutex<HashMap<String, Kept>>,
}

struct Kept {
    /// What was on offer when it was rendered.
    catalog: Weak<Catalog>,
    page: Arc<BlankPage>,
}

impl BlankForms {
    /// The page of this name under what is on offer, rendered by `page` unless that was done before. `page` is given the
    /// hash by which it names the form: first an empty text, for what is hashed cannot hold its own hash.
    ///
    /// # Errors
    /// What `page` says.
    pub(in crate::web) fn get<E>(
        &self,
        catalog: &Arc<Catalog>,
        (name, policy): (&str, &Label),
        page: impl Fn(&str) -> Result<String, E>,
    ) -> Result<Arc<BlankPage>, E> {
        let now = Arc::downgrade(catalog);
        let kept = |kept: &HashMap<String, Kept>| {
            let same = kept.get(name).filter(|kept| kept.catalog.ptr_eq(&now));
            same.map(|kept| kept.page.clone())
        };
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(page) = kept(&lock()) {
            return Ok(page);
        }
        // Rendered without the lock: two who come at once do the same twice.
        let form = Arc::new(BlankForm::new(name, policy, &page("")?));
        let page = Arc::new(BlankPage { html: page(&form.sha256)?, form });
        let mut pages = lock();
        // What is not on offer any more goes.
        pages.retain(|_, kept| kept.catalog.strong_count() > 0);
        pages.insert(name.to_owned(), Kept { catalog: now, page: page.clone() });
        Ok(page)
    }
}
