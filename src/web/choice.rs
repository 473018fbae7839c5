//! What can be chosen in forms, as pages show it.

use std::borrow::Cow;

use serde::Serialize;

/// An entry of a list to choose one from.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web) struct SelectOption<'a> {
    value: Cow<'a, str>,
    title: Cow<'a, str>,
}

impl<'a> SelectOption<'a> {
    pub(in crate::web) fn new(
        value: impl Into<Cow<'a, str>>,
        title: impl Into<Cow<'a, str>>,
    ) -> Self {
        Self { value: value.into(), title: title.into() }
    }
}

/// One of the boxes or buttons to choose from.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::web) struct Choice<'a> {
    pub value: &'a str,
    pub title: &'a str,
    /// What stands beneath it.
    pub hint: Option<&'a str>,
}
