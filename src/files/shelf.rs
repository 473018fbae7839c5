//! Which files a row may name. What a row says may be another hand's, so its key leads to nothing but files of the
//! row's own kind, under names that this program gives.

use uuid::Uuid;

/// Where files of one kind lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// The files of reports.
    Reports,
    /// Cover pictures.
    Covers,
    /// What workers made of this run.
    Exports(Uuid),
}

/// The folder of exports.
pub(super) const EXPORTS: &str = "exports";
/// The folders of what belongs to reports.
pub(super) const OF_REPORTS: [&str; 2] = ["reports", "covers"];

impl Shelf {
    fn folder(self) -> &'static str {
        match self {
            Self::Reports => OF_REPORTS[0],
            Self::Covers => OF_REPORTS[1],
            Self::Exports(_) => EXPORTS,
        }
    }

    /// The key of a file of this name here.
    pub(super) fn key(self, name: &str) -> String {
        format!("{}/{name}", self.folder())
    }

    /// Whether a file of this key lies here, by its name.
    #[must_use]
    pub fn holds(self, key: &str) -> bool {
        let name = key.strip_prefix(self.folder()).and_then(|key| key.strip_prefix('/'));
        let Some((stem, ending)) = name.and_then(|name| name.split_once('.')) else { return false };
        match self {
            Self::Reports | Self::Covers => is_of_report(stem, ending),
            Self::Exports(run_id) => is_ending(ending) && run_of(stem) == Some(run_id),
        }
    }
}

/// Whether a report's file or a cover has this name.
pub(super) fn is_report_name(name: &str) -> bool {
    name.split_once('.').is_some_and(|(stem, ending)| is_of_report(stem, ending))
}

fn is_of_report(stem: &str, ending: &str) -> bool {
    own_id(stem).is_some() && is_ending(ending)
}

/// Whether an export has this name, of whatever run.
pub(super) fn is_export_name(name: &str) -> bool {
    let parts = name.split_once('.');
    parts.is_some_and(|(stem, ending)| is_ending(ending) && run_of(stem).is_some())
}

/// The name of the file that the worker of this claim makes of a run.
pub(super) fn export_name(run_id: Uuid, claims: i32, ending: &str) -> String {
    format!("{run_id}-{claims}.{ending}")
}

/// The run in the name of an export.
fn run_of(stem: &str) -> Option<Uuid> {
    let (id, claims) = stem.rsplit_once('-')?;
    let is_number = !claims.is_empty() && claims.bytes().all(|digit| digit.is_ascii_digit());
    own_id(id).filter(|_| is_number)
}

/// A key as this program writes it.
fn own_id(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok().filter(|id| id.to_string() == text)
}

fn is_ending(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !text.is_empty() && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_to_files_of_its_kind_alone() {
        let (run, other) = (Uuid::from_u128(7), Uuid::from_u128(8));
        for (shelf, key) in [
            (Shelf::Reports, format!("reports/{run}.pdf")),
            (Shelf::Covers, format!("covers/{run}.webp")),
            (Shelf::Exports(run), format!("exports/{run}-1.csv")),
            (Shelf::Exports(run), format!("exports/{run}-12.xlsx")),
        ] {
            for other in [Shelf::Reports, Shelf::Covers, Shelf::Exports(run)] {
                assert_eq!(other.holds(&key), other == shelf, "{key}");
            }
        }
        assert!(!Shelf::Exports(other).holds(&format!("exports/{run}-1.csv")));
        let whole = format!("{run}-1.csv");
        assert_eq!(
            Shelf::Exports(run).key(&export_name(run, 1, "csv")),
            format!("exports/{whole}")
        );
        assert!(is_export_name(&whole) && !is_export_name(&format!("{whole}#1")));
    }

    #[test]
    fn whatever_else_a_row_says_leads_nowhere() {
        let id = Uuid::from_u128(0xabc);
        let upper = id.to_string().to_uppercase();
        for key in [
            String::new(),
            "outside/heads/0123456789abcdef/r1/ffffffffffff/ffff".to_owned(),
            format!("outside/verdict/{id}"),
            format!("reports/{id}"),
            format!("reports/{id}."),
            format!("reports/{upper}.pdf"),
            format!("reports/{}.pdf", id.simple()),
            format!("reports//{id}.pdf"),
            format!("/reports/{id}.pdf"),
            format!("reports/../outside/verdict/{id}"),
            format!("reports/{id}.pdf/x"),
            format!("reports/{id}.pdf#1"),
            format!("reports/{id}.\u{e9}"),
            format!("exports/{id}"),
            format!("exports/{id}.csv"),
            format!("exports/{id}-.csv"),
            format!("exports/{id}-1"),
            format!("exports/{id}-1.csv/../../address.key"),
            format!("exports/{id}-/../1.csv"),
            format!("exports/{id}-1.csv\0"),
            format!("exportsx/{id}-1.csv"),
            format!("covers/{}", "x".repeat(1_000_000)),
        ] {
            for shelf in [Shelf::Reports, Shelf::Covers, Shelf::Exports(id)] {
                assert!(!shelf.holds(&key), "{key}");
            }
        }
    }
}
