//! Which kinds of data somebody gave with a choice, as evidence names them.

use serde::{Deserialize, Serialize};

use crate::domain::text::Line;

/// A kind of data that somebody gave with a form, or a file gives of them; in the order of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataKind {
    /// The address.
    Email,
    /// What they do.
    JobTitle,
    /// Their name.
    Name,
    /// Where they work.
    Organisation,
}

/// What was given besides the address, without which there is nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Details<'a> {
    /// Their name.
    pub name: Option<&'a Line>,
    /// Where they work.
    pub organisation: Option<&'a Line>,
    /// What they do.
    pub job_title: Option<&'a Line>,
}

impl Details<'_> {
    /// The kinds of data that this is, and the address.
    #[must_use]
    pub fn kinds(self) -> Vec<DataKind> {
        let given = |line: Option<&Line>, kind| line.map(|_| kind);
        [
            Some(DataKind::Email),
            given(self.job_title, DataKind::JobTitle),
            given(self.name, DataKind::Name),
            given(self.organisation, DataKind::Organisation),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_in_one_order() {
        use DataKind::{Email, JobTitle, Name, Organisation};
        let line = Line::parse("Ada").unwrap();
        let line = line.as_ref();
        let all = Details { name: line, organisation: line, job_title: line };
        assert_eq!(all.kinds(), [Email, JobTitle, Name, Organisation]);
        assert_eq!(Details::default().kinds(), [Email]);
        assert_eq!(
            Details { organisation: line, ..Details::default() }.kinds(),
            [Email, Organisation]
        );
        let said = serde_json::to_string(&all.kinds()).unwrap();
        assert_eq!(said, r#"["email","job_title","name","organisation"]"#);
    }
}
