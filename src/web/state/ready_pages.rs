//! The pages that are the same for all readers, and the blank forms on them that evidence names: each made once for what is
//! on offer, until that changes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use crate::domain::consent::blank_form::BlankForm;
use crate::web::http::ready::Ready;
use crate::web::state::catalog::Catalog;

/// How many bytes of pages and forms are kept, as they are before they are packed.
const MOST: usize = 8 * 1024 * 1024;

/// What was made of what is on offer: pages by their paths, blank forms by their names.
#[derive(Default)]
pub struct ReadyPages {
    kept: RwLock<Kept>,
}

#[derive(Default)]
struct Kept {
    /// What was on offer when they were made.
    catalog: Weak<Catalog>,
    pages: HashMap<String, Arc<Ready>>,
    forms: HashMap<String, Arc<BlankForm>>,
    bytes: usize,
}

impl Kept {
    fn is_of(&self, catalog: &Arc<Catalog>) -> bool {
        std::ptr::eq(self.catalog.as_ptr(), Arc::as_ptr(catalog))
    }

    /// Takes in so many bytes more that were made of this: what was made of something else goes, and all of it where it
    /// would be too much.
    fn make_room(&mut self, catalog: &Arc<Catalog>, bytes: usize) {
        if !self.is_of(catalog) || self.bytes + bytes > MOST {
            *self = Self { catalog: Arc::downgrade(catalog), ..Self::default() };
        }
        self.bytes += bytes;
    }
}

impl ReadyPages {
    /// What stands at this path under what is on offer, made by `page` unless that was done before.
    ///
    /// # Errors
    /// What `page` says.
    pub(in crate::web) fn get<E>(
        &self,
        catalog: &Arc<Catalog>,
        path: &str,
        page: impl FnOnce() -> Result<Ready, E>,
    ) -> Result<Arc<Ready>, E> {
        if let Some(ready) = self.find(catalog, |kept| kept.pages.get(path).cloned()) {
            return Ok(ready);
        }
        // Made without the lock: two who come at once do the same twice, and the first one's is kept.
        let ready = Arc::new(page()?);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = kept.pages.get(path).filter(|_| kept.is_of(catalog)) {
            return Ok(first.clone());
        }
        kept.make_room(catalog, ready.size());
        kept.pages.insert(path.to_owned(), ready.clone());
        Ok(ready)
    }

    /// The blank form of this name under what is on offer, made by `form` unless that was done before.
    ///
    /// # Errors
    /// What `form` says.
    pub(in crate::web) fn form<E>(
        &self,
        catalog: &Arc<Catalog>,
        name: &str,
        form: impl FnOnce() -> Result<BlankForm, E>,
    ) -> Result<Arc<BlankForm>, E> {
        if let Some(form) = self.find(catalog, |kept| kept.forms.get(name).cloned()) {
            return Ok(form);
        }
        let form = Arc::new(form()?);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = kept.forms.get(name).filter(|_| kept.is_of(catalog)) {
            return Ok(first.clone());
        }
        kept.make_room(catalog, form.document.len());
        kept.forms.insert(name.to_owned(), form.clone());
        Ok(form)
    }

    fn find<T>(&self, catalog: &Arc<Catalog>, find: impl FnOnce(&Kept) -> Option<T>) -> Option<T> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if kept.is_of(catalog) { find(&kept) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// The page that is kept, or else one of this text.
    fn get(pages: &ReadyPages, (catalog, path): (&Arc<Catalog>, &str), text: &str) -> Arc<Ready> {
        let made = || Ok::<_, Infallible>(Ready::page(text.to_owned()));
        pages.get(catalog, path, made).unwrap()
    }

    fn is_kept(pages: &ReadyPages, catalog: &Arc<Catalog>, path: &str) -> bool {
        pages.find(catalog, |kept| kept.pages.get(path).cloned()).is_some()
    }

    #[test]
    fn a_page_is_made_once_for_what_is_on_offer() {
        let pages = ReadyPages::default();
        let (one, other) = (Arc::new(Catalog::default()), Arc::new(Catalog::default()));
        let first = get(&pages, (&one, "/a"), "1");
        assert!(Arc::ptr_eq(&first, &get(&pages, (&one, "/a"), "never made")));
        let second = get(&pages, (&one, "/b"), "22");
        assert_eq!((first.size(), second.size()), (1, 2), "each path has its own");
        let anew = get(&pages, (&other, "/a"), "333");
        assert_eq!(anew.size(), 3, "something else is on offer");
        assert!(!is_kept(&pages, &other, "/b") && !is_kept(&pages, &one, "/a"));
        let refused: Result<_, &str> = pages.get(&other, "/c", || Err("gone"));
        assert!(refused.is_err() && !is_kept(&pages, &other, "/c"), "what is none is not kept");
    }

    #[test]
    fn a_form_is_made_once_for_what_is_on_offer_and_goes_with_its_pages() {
        let pages = ReadyPages::default();
        let (one, other) = (Arc::new(Catalog::default()), Arc::new(Catalog::default()));
        let form = |catalog: &Arc<Catalog>, name: &str, page: &str| {
            let made = || Ok::<_, Infallible>(BlankForm::new(name, &"1".parse().unwrap(), page));
            pages.form(catalog, name, made).unwrap()
        };
        let first = form(&one, "/a", "1");
        get(&pages, (&one, "/a"), "a page of this path");
        assert!(Arc::ptr_eq(&first, &form(&one, "/a", "never made")));
        assert_ne!(form(&one, "/b", "1").sha256, first.sha256, "each name has its own");
        let anew = form(&other, "/a", "2");
        assert!(anew.document.ends_with('2'), "something else is on offer");
        assert!(!is_kept(&pages, &one, "/a") && pages.kept.read().unwrap().forms.len() == 1);
        assert_eq!(pages.kept.read().unwrap().bytes, anew.document.len());
    }

    #[test]
    fn a_catalog_that_is_gone_is_not_taken_for_one_in_its_place() {
        let pages = ReadyPages::default();
        for n in 1..100 {
            let catalog = Arc::new(Catalog::default());
            assert_eq!(get(&pages, (&catalog, "/a"), &"x".repeat(n)).size(), n);
        }
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let (pages, catalog) = (ReadyPages::default(), Arc::new(Catalog::default()));
        let large = "x".repeat(MOST / 4);
        for n in 0..20 {
            get(&pages, (&catalog, &format!("/{n}")), &large);
            let kept = pages.kept.read().unwrap();
            let bytes: usize = kept.pages.values().map(|page| page.size()).sum();
            assert!(bytes == kept.bytes && bytes <= MOST && !kept.pages.is_empty());
        }
        assert!(is_kept(&pages, &catalog, "/19"));
    }
}
