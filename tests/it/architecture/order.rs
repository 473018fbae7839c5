//! Who may import whom: the rows of the program's modules, and those of the rooms in `web`.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::circles::{Edges, edges};
use super::show;
use super::source::{File, Name, absolute};

pub struct Order {
    house: &'static str,
    /// Each room may import from the rows above its own, never from its own row or below.
    rows: &'static [&'static [&'static str]],
    /// Rooms that only some may import, whatever their row.
    only_for: &'static [(&'static str, &'static [&'static str])],
}

pub const MODULES: Order = Order {
    house: "src/",
    rows: &[
        &["domain", "tls"],
        &["brand", "clock", "folders", "name_servers", "outgoing_http"],
        &["random"],
        &["files", "report_drawing", "site", "templates", "time_stamping", "witnesses"],
        &["outside"],
        &["store"],
        &["mail", "export"],
        &["flows", "config"],
        &["backup", "intake", "sealing"],
        &["web", "worker"],
        &["app", "template_samples"],
        &["demo"],
        &["cli"],
    ],
    only_for: &[("config", &["app", "cli"]), ("demo", &["cli"])],
};

/// Errors and HTTP, what every handler holds, what several of them share, handlers, what knows them all.
pub const WEB: Order = Order {
    house: "src/web/",
    rows: &[
        &["choice", "client_ip", "error", "markdown"],
        &["http"],
        &["state"],
        &["address", "cookie", "day_span", "disclosure", "headers", "origin", "visitor"],
        &["assets", "dev", "health", "host", "request_log", "waiting"],
        &["export", "form", "people"],
        &["public"],
        &["api", "console"],
        &["error_pages", "links"],
        &["page_samples", "router", "server"],
    ],
    only_for: &[("public", &["console", "page_samples", "router"])],
};

impl Order {
    /// The room a file is in; the files that only list the others are in none.
    fn room<'a>(&self, path: &'a str) -> Option<&'a str> {
        let room = path.strip_prefix(self.house)?.split(['/', '.']).next()?;
        Some(room).filter(|room| !["lib", "main", "mod"].contains(room))
    }

    /// What is wrong if a room imports another.
    fn forbids(&self, from: &str, to: &str) -> Option<String> {
        let row = |room: &str| self.rows.iter().position(|row| row.contains(&room));
        let only_for = self.only_for.iter().find(|(room, _)| *room == to);
        let wrong = match row(to)?.cmp(&row(from)?) {
            _ if only_for.is_some_and(|(_, rooms)| !rooms.contains(&from)) => {
                format!("`{to}` is not for `{from}`")
            }
            Ordering::Less => return None,
            Ordering::Equal => format!("`{from}` and `{to}` are siblings"),
            Ordering::Greater => format!("`{from}` is lower than `{to}`"),
        };
        Some(format!("{wrong} and may not import it: move what both need to a row above both"))
    }

    /// Rooms without a row, and names in rows that are no rooms.
    pub fn misfits(&self, files: &[File]) -> Vec<String> {
        let named: BTreeSet<&str> = self.rows.iter().copied().flatten().copied().collect();
        let rooms: BTreeSet<&str> = files.iter().filter_map(|file| self.room(&file.path)).collect();
        let misfit = |room: &&str, rule| {
            format!("tests/it/architecture/order.rs: {}{room}: {rule}", self.house)
        };
        let missing = "give it a row below all that it imports";
        let gone = "is no more, take it out of its row";
        let missing = rooms.difference(&named).map(|room| misfit(room, missing));
        missing.chain(named.difference(&rooms).map(|room| misfit(room, gone))).collect()
    }
}

pub fn imports(file: &File) -> Vec<String> {
    let wrong = |name: &Name| {
        let (parts, module) = (name.parts(), file.module());
        let Some(from) = MODULES.room(&file.path) else {
            let higher =
                file.path == "src/main.rs" && parts[0] == "assent" && parts.get(1) != Some(&"cli");
            return higher.then(|| "main may import cli alone: move there what it does".to_owned());
        };
        // In tests, `super` counts from a module within the file.
        let path = absolute(&module, &parts).filter(|_| !name.in_test || parts[0] != "super")?;
        match *path.first()? {
            "*" => Some(format!("`{from}` imports the whole crate: name what it needs")),
            to => MODULES.forbids(from, to).filter(|_| from != to),
        }
    };
    file.names.iter().filter_map(|name| Some(file.breaks(name.line, &wrong(name)?))).collect()
}

/// By the files in which things really stand, whoever re-exports them.
pub fn upward_in_web(edges: &Edges) -> Vec<String> {
    let all = edges.iter().flat_map(|(from, needs)| needs.iter().map(move |need| (from, need)));
    let upward = all.filter_map(|(from, (to, line))| {
        let rooms = WEB.room(from).zip(WEB.room(to)).filter(|(room, other)| room != other);
        let wrong = rooms.and_then(|(room, other)| WEB.forbids(room, other))?;
        Some(format!("{from}:{line}: {to}: {wrong}"))
    });
    upward.collect()
}

#[test]
fn imports_of_higher_modules_and_siblings_are_named() {
    for (path, broken, fine) in [
        ("domain/link.rs", "use crate::store::Tx;", "use crate::domain::slug; // crate::web"),
        ("store/mod.rs", "use crate::{random, flows::signup};", "use super::{Tx, on};"),
        (
            "files.rs",
            "use crate::templates::check;",
            "#[cfg(test)] mod t { use super::super::app; }",
        ),
        ("web/mod.rs", "use crate::worker::deliver;", "const A: &str = \"crate::worker\";"),
        ("worker/mod.rs", "fn f() { crate::web::router() }", "/// crate::web::router\nfn f() {}"),
        ("flows/mod.rs", "use crate::config::Settings;", "use crate::domain::{self, slug};"),
        ("web/mod.rs", "use crate::config::Settings;", "pub(in crate::web) fn f() {}"),
        ("intake.rs", "use {std::fmt, super::web};", "use super::flows;"),
        ("flows/signup/confirm.rs", "use super::super::super::app;", "use super::super::app;"),
        ("clock.rs", "use crate::*;", "use super::domain;"),
        ("clock.rs", "use crate::{domain as a, *};", "use super::domain::{slug, *};"),
        ("main.rs", "use assent::app::Core;", "fn main() { assent::cli::main() }"),
    ] {
        show(imports, &format!("src/{path}"), &[&format!("\n{broken}")], &[fine]);
    }
    show(imports, "src/cli/mod.rs", &[], &["use crate::{app, config, demo::seed, web};"]);
}

#[test]
fn rows_that_do_not_fit_are_named() {
    let files = ["src/domain/mod.rs", "src/helpers.rs", "src/lib.rs"];
    let misfits = MODULES.misfits(&files.map(|path| File::parse(path, "")));
    assert!(misfits[0].contains("src/helpers: give it a row"), "{misfits:?}");
    assert!(misfits[1].contains("src/app: is no more"), "{misfits:?}");
}

#[test]
fn rooms_of_web_that_know_higher_ones_are_named() {
    for (path, text, broken) in [
        ("state/limits.rs", "\nuse crate::web::StaffSession;", 1),
        ("api/person.rs", "\nuse crate::web::console::staff_session;", 1),
        ("api/person.rs", "\nuse crate::web::public;", 1),
        ("public/index.rs", "\nfn f() { super::super::console::staff_session::f() }", 1),
        ("console/preview.rs", "use crate::web::{public, state::app, console::staff_session};", 0),
    ] {
        let path = format!("src/web/{path}");
        let files = [
            ("src/web/mod.rs", "pub use console::staff_session::StaffSession;"),
            ("src/web/console/mod.rs", "pub mod staff_session;"),
            ("src/web/console/staff_session.rs", ""),
            ("src/web/public/mod.rs", ""),
            ("src/web/state/app.rs", ""),
            (&path, text),
        ];
        let named = upward_in_web(&edges(&files.map(|(path, text)| File::parse(path, text))));
        assert_eq!(named.len(), broken, "{named:?}");
        assert!(named.iter().all(|named| named.starts_with(&format!("{path}:2: "))), "{named:?}");
    }
}
