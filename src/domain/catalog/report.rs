//! What is offered behind a form.

use strum::{AsRefStr, EnumString, IntoStaticStr};

/// Where a report stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ReportStatus {
    /// Being prepared; nobody sees it.
    Draft,
    /// Offered on its page.
    Published,
    /// Taken back; its page says so, and grants given before still work.
    Withdrawn,
}

impl ReportStatus {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A field beside the address that a report's form may require.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RequiredField {
    /// The person's name.
    Name,
    /// Where they work.
    Organisation,
    /// What they do there.
    JobTitle,
}

/// A size as people read it: `1.2 MB`, `640 kB`.
#[must_use]
pub fn readable_size(bytes: i64) -> String {
    let tenths = |unit: i64| (bytes * 10 + unit / 2) / unit;
    match bytes {
        ..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", (bytes + 500) / 1_000),
        1_000_000..1_000_000_000 => {
            let mb = tenths(1_000_000);
            format!("{}.{} MB", mb / 10, mb % 10)
        }
        _ => {
            let gb = tenths(1_000_000_000);
            format!("{}.{} GB", gb / 10, gb % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::readable_size;

    #[test]
    fn sizes_read_well() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (48_211, "48 kB"),
            (1_234_567, "1.2 MB"),
            (2_960_000_000, "3.0 GB"),
        ] {
            assert_eq!(readable_size(bytes), words);
        }
    }
}
