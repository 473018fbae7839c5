//! Lists that are shown page by page: one row more than a page has is asked for, and tells whether there are
//! others.

/// How many rows stand on a page.
pub(super) const ON_A_PAGE: i64 = 50;

/// The rows of a page out of those found, of which there is one more while others follow; and whether they do.
pub(super) fn page_of<T>(mut found: Vec<T>, size: i64) -> (Vec<T>, bool) {
    let size = usize::try_from(size).unwrap_or_default();
    let more = found.len() > size;
    found.truncate(size);
    (found, more)
}

#[cfg(test)]
mod tests {
    use super::page_of;

    #[test]
    fn one_more_than_a_page_tells_of_others() {
        assert_eq!(page_of(vec![1, 2], 2), (vec![1, 2], false));
        assert_eq!(page_of(vec![1, 2, 3], 2), (vec![1, 2], true));
        assert_eq!(page_of(Vec::<i64>::new(), 2), (vec![], false));
    }
}
