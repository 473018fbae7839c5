//! The apostrophe in front of a cell that a spreadsheet would take for a formula: how it is set, and how it is
//! taken off again.

/// What such a cell begins with, full-width forms included (OWASP, "CSV Injection").
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Whether a cell gets an apostrophe. One that looks as if it had one already gets another, so that taking one off
/// gives every cell back as it was.
fn needs(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

/// The cell as text for any spreadsheet; `room` is where it is put together if it must be.
#[must_use]
pub fn guarded<'a>(cell: &'a str, room: &'a mut String) -> &'a str {
    if !needs(cell) {
        return cell;
    }
    room.clear();
    room.push('\'');
    room.push_str(cell);
    room
}

/// The cell as it was before [`guarded`].
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| needs(rest)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_become_text_and_nothing_else_changes() {
        for (cell, safe) in [
            ("=1+1", "'=1+1"),
            ("-dash@x.example", "'-dash@x.example"),
            ("＠z", "'＠z"),
            ("\tz", "'\tz"),
            ("'=1", "''=1"),
            ("'", "'"),
            ("'tis", "'tis"),
            ("O'Neill", "O'Neill"),
            ("", ""),
        ] {
            assert_eq!(guarded(cell, &mut String::new()), safe);
            assert_eq!(unguarded(safe), cell);
        }
        assert_eq!(unguarded("'tis"), "'tis");
    }

    proptest! {
        #[test]
        fn every_cell_comes_back_as_it_was(cell in "'{0,3}[=+@＝a-]?\\PC{0,8}") {
            let mut room = String::new();
            let safe = guarded(&cell, &mut room);
            prop_assert!(!safe.starts_with(FORMULA));
            prop_assert_eq!(unguarded(safe), cell.as_str());
        }
    }
}
