//! The pages that are the same for all readers, each made once for what is on offer, until that changes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use crate::web::http::ready::Ready;
use crate::web::state::catalog::Catalog;

/// How many bytes of pages are kept, as they are before they are packed.
const MOST: usize = 8 * 1024 * 1024;

/// The pages made of what is on offer, by their paths.
#[derive(Default)]
pub struct ReadyPages {
    kept: RwLock<Kept>,
}

#[derive(Default)]
struct Kept {
    /// What was on offer when they were made.
    catalog: Weak<Catalog>,
    pages: HashMap<String, Arc<Ready>>,
    bytes: usize,
}

impl Kept {
    fn is_of(&self, catalog: &Arc<Catalog>) -> bool {
        std::ptr::eq(self.catalog.as_ptr(), Arc::as_ptr(catalog))
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
        if let Some(ready) = self.find(catalog, path) {
            return Ok(ready);
        }
        // Made without the lock: two who come at once do the same twice, and the first one's is kept.
        let ready = Arc::new(page()?);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if !kept.is_of(catalog) || kept.bytes + ready.size() > MOST {
            *kept = Kept { catalog: Arc::downgrade(catalog), ..Kept::default() };
        }
        if let Some(first) = kept.pages.get(path) {
            return Ok(first.clone());
        }
        kept.bytes += ready.size();
        kept.pages.insert(path.to_owned(), ready.clone());
        Ok(ready)
    }

    fn find(&self, catalog: &Arc<Catalog>, path: &str) -> Option<Arc<Ready>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if kept.is_of(catalog) { kept.pages.get(path).cloned() } else { None }
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
        assert!(pages.find(&other, "/b").is_none() && pages.find(&one, "/a").is_none());
        let refused: Result<_, &str> = pages.get(&other, "/c", || Err("gone"));
        assert!(refused.is_err() && pages.find(&other, "/c").is_none(), "what is none is not kept");
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
        assert!(pages.find(&catalog, "/19").is_some());
    }
}
