//! Whoever may write into the store has the program read, write and delete nothing outside of it.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use uuid::Uuid;

use super::{Files, FilesError, Shelf};
use crate::domain::timestamp::Timestamp;

const SECRET: &str = "the key of all keys";

/// A machine: its data directory with a secret in it, and the store below, as by default.
struct Machine {
    dir: TempDir,
    files: Files,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("address.key"), SECRET).unwrap();
        let files = Files::open(&format!("file:{}", dir.path().join("files").display())).unwrap();
        Self { dir, files }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Puts a link into the store.
    fn link(&self, to: &str, name: &str) {
        let link = self.path("files").join(name);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(to, link).unwrap();
    }

    /// What lies beside the store, and what the secret says.
    fn beside(&self) -> (Vec<String>, String) {
        let entries = std::fs::read_dir(self.dir.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        (names, std::fs::read_to_string(self.path("address.key")).unwrap())
    }
}

/// The error names the link, as it lies in the store.
fn names_link<T: std::fmt::Debug>(got: Result<T, FilesError>, name: &str) {
    match got {
        Err(FilesError::Link(path)) => {
            assert!(path.ends_with(Path::new("files").join(name)), "{path:?}");
        }
        other => panic!("{name}: {other:?}"),
    }
}

fn moment(at: SystemTime) -> Timestamp {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(since.as_micros().try_into().unwrap())
}

#[tokio::test]
async fn a_link_to_a_folder_outside_leads_nowhere() {
    let machine = Machine::new();
    machine.link("../..", "outside/verdict");
    let files = &machine.files;
    let before = machine.beside();
    let name = "outside/verdict";
    let key = "outside/verdict/address.key";
    names_link(files.names(name).await, name);
    names_link(files.sizes(name).await, name);
    names_link(files.find(key).await, name);
    names_link(files.delete_object(key).await, name);
    names_link(files.create("outside/verdict/new", "x").await, name);
    names_link(files.create("outside/verdict/new/folder/x", "x").await, name);
    names_link(files.replace(key, "x").await, name);
    names_link(files.copy_out(key, &machine.path("copy")).await, name);
    names_link(files.copy_in("outside/verdict/copy", &machine.path("address.key")).await, name);
    names_link(files.keys().await, name);
    assert_eq!(machine.beside(), before);
}

#[tokio::test]
async fn a_link_in_the_place_of_a_file_is_neither_read_nor_written_nor_deleted() {
    let id = Uuid::from_u128(7);
    for to in ["../../address.key", "/nowhere/at/all", ".", "itself.pdf"] {
        let machine = Machine::new();
        let files = &machine.files;
        let before = machine.beside();
        let (report, cover) = (format!("reports/{id}.pdf"), format!("covers/{id}.png"));
        let export = format!("exports/{id}-1.csv");
        for name in [&report, &cover, &export] {
            machine.link(to, name);
        }
        names_link(files.get(Shelf::Reports, &report, 0..5).await.map(drop), &report);
        names_link(files.read(Shelf::Covers, &cover).await, &cover);
        names_link(files.find(&cover).await, &cover);
        names_link(files.create(&cover, "x").await, &cover);
        names_link(files.replace(&cover, "x").await, &cover);
        names_link(files.delete(Shelf::Exports(id), &export).await, &export);
        names_link(files.delete_of_report(&report).await, &report);
        let picture = files.put_cover_bytes(id, (&b"\x89PNG\r\n\x1a\nA picture."[..]).into()).await;
        names_link(picture, &cover);
        assert!(matches!(files.sizes("reports").await, Err(FilesError::Link(_))), "{to}");
        assert_eq!(machine.beside(), before, "{to}");
        assert!(machine.path("files").join(&report).is_symlink(), "{to}");
    }
}

#[tokio::test]
async fn the_directory_of_the_store_may_be_a_link_itself() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let link = dir.path().join("files");
    symlink(disk.path(), &link).unwrap();
    let files = Files::open(&format!("file:{}", link.display())).unwrap();
    assert!(files.create("outside/heads/x", "a head").await.unwrap());
    assert!(!files.create("outside/heads/x", "another").await.unwrap());
    assert_eq!(files.find("outside/heads/x").await.unwrap().unwrap(), "a head");
    files.replace("outside/heads/x", "a third").await.unwrap();
    assert_eq!(files.find("outside/heads/x").await.unwrap().unwrap(), "a third");
    assert_eq!(files.sizes("outside").await.unwrap(), [("heads".to_owned(), None)]);
    assert_eq!(files.sizes("outside/heads").await.unwrap(), [("x".to_owned(), Some(7))]);
    assert!(files.sizes("outside/none").await.unwrap().is_empty());
    assert_eq!(files.keys().await.unwrap(), ["outside/heads/x"]);
    files.try_out(Uuid::from_u128(1)).await.unwrap();
    assert_eq!(files.keys().await.unwrap(), ["outside/heads/x"]);
    files.delete_object("outside/heads/x").await.unwrap();
    files.delete_object("outside/heads/x").await.unwrap();
    assert_eq!(files.find("outside/heads/x").await.unwrap(), None);
    assert!(disk.path().join("outside/heads").is_dir());
}

#[tokio::test]
async fn what_is_begun_is_not_listed_and_what_is_a_folder_is_no_object() {
    let machine = Machine::new();
    let folder = machine.path("files/outside/endings");
    std::fs::create_dir_all(folder.join("folder")).unwrap();
    for name in ["whole", "whole#1", "#x", "x#", "\u{e9}"] {
        std::fs::write(folder.join(name), name).unwrap();
    }
    let files = &machine.files;
    let names = files.names("outside/endings").await.unwrap();
    assert_eq!(names, ["#x", "folder", "whole", "x#", "\u{e9}"]);
    assert_eq!(files.find("outside/endings/folder").await.unwrap(), None);
    assert!(files.delete_object("outside/endings/folder").await.is_err());
    // A file where a folder is expected is a fault, not an empty folder.
    assert!(matches!(files.names("outside/endings/whole").await, Err(FilesError::Store(_))));
}

#[tokio::test]
async fn sweeping_takes_old_exports_and_nothing_else() {
    let machine = Machine::new();
    let (files, folder) = (&machine.files, machine.path("files/exports"));
    let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
    assert_eq!(files.sweep_exports(moment(now)).await.unwrap(), 0, "no folder yet");
    std::fs::create_dir_all(&folder).unwrap();
    let id = Uuid::from_u128(7);
    let (old, begun, new) =
        (format!("{id}-1.csv"), format!("{id}-2.xlsx#1"), format!("{id}-3.csv"));
    let foreign = ["notes.txt", "old-1.csv", &format!("{id}.csv"), &format!("{id}-1.csv#x")];
    for name in foreign.into_iter().chain([&*old, &*begun, &*new]) {
        let file = std::fs::File::create(folder.join(name)).unwrap();
        let hours = if name == new { 1 } else { 3 };
        file.set_modified(now - Duration::from_hours(hours)).unwrap();
    }
    assert_eq!(files.sweep_exports(moment(now - Duration::from_hours(2))).await.unwrap(), 2);
    let mut left: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort_unstable();
    let mut kept: Vec<String> = foreign.map(str::to_owned).to_vec();
    kept.push(new);
    kept.sort_unstable();
    assert_eq!(left, kept);
}

#[tokio::test]
async fn sweeping_takes_old_pieces_of_reports_and_covers_and_nothing_else() {
    let machine = Machine::new();
    let files = &machine.files;
    let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
    let before = moment(now - Duration::from_hours(2));
    assert_eq!(files.sweep_pieces(before).await.unwrap(), 0, "no folder yet");
    let id = Uuid::from_u128(7);
    let put = |name: &str, hours: u64| {
        let path = machine.path("files").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let file = std::fs::File::create(path).unwrap();
        file.set_modified(now - Duration::from_hours(hours)).unwrap();
    };
    let old = [
        format!("reports/{id}.pdf#1"),
        format!("reports/{id}.pdf#12"),
        format!("covers/{id}.png#1"),
    ];
    let kept = [
        format!("reports/{id}.pdf"),
        format!("reports/{id}.pdf#"),
        format!("reports/{id}.pdf#1x"),
        format!("reports/{id}#1"),
        "reports/notes.txt#1".to_owned(),
        format!("reports/inner/{id}.pdf#1"),
        format!("covers/{id}.png"),
        format!("exports/{id}-1.csv#1"),
        format!("outside/verdict/{id}.pdf#1"),
    ];
    let fresh = [format!("reports/{id}.zip#1"), format!("covers/{id}.webp#1")];
    for name in old.iter().chain(&kept) {
        put(name, 3);
    }
    for name in &fresh {
        put(name, 1);
    }
    assert_eq!(files.sweep_pieces(before).await.unwrap(), old.len());
    let there = |name: &String| machine.path("files").join(name).exists();
    assert!(!old.iter().any(there) && kept.iter().chain(&fresh).all(there));
    // A link that bears the name of one keeps no other from going, here or in the next folder.
    let link = format!("reports/{id}.pdf#1");
    machine.link("../../address.key", &link);
    put(&old[1], 3);
    put(&old[2], 3);
    names_link(files.sweep_pieces(before).await, &link);
    assert!(!there(&old[1]) && !there(&old[2]) && machine.path("address.key").exists());
}

#[tokio::test]
async fn an_upload_under_way_is_not_swept() {
    let machine = Machine::new();
    let files = &machine.files;
    let mut incoming = files.receive_report(Uuid::from_u128(7));
    let piece = [b"%PDF-1.7\n".as_slice(), &vec![b'x'; 9 * 1024 * 1024]].concat();
    incoming.push(&piece).await.unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
    let under_way = std::fs::read_dir(machine.path("files/reports")).unwrap().next().unwrap();
    let under_way = std::fs::File::options().write(true).open(under_way.unwrap().path()).unwrap();
    under_way.set_modified(now).unwrap();
    assert_eq!(files.sweep_pieces(moment(now - Duration::from_hours(24))).await.unwrap(), 0);
    let stored = incoming.finish().await.unwrap();
    assert_eq!(files.read(Shelf::Reports, &stored.key).await.unwrap(), piece);
    assert_eq!(files.sweep_pieces(Timestamp::LATEST).await.unwrap(), 0, "what is whole stays");
}

#[tokio::test]
async fn sweeping_follows_no_link() {
    let machine = Machine::new();
    let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
    let id = Uuid::from_u128(7);
    // The name of an export, outside of the store.
    let bait = machine.path(&format!("{id}-1.csv"));
    let file = std::fs::File::create(&bait).unwrap();
    file.set_modified(now - Duration::from_hours(9)).unwrap();
    machine.link("..", "exports");
    names_link(machine.files.sweep_exports(moment(now)).await, "exports");
    assert!(bait.exists());
    std::fs::remove_file(machine.path("files/exports")).unwrap();
    // A link that bears the name of one keeps no other from going.
    let (link, old) = (format!("exports/{id}-1.csv"), format!("exports/{id}-2.csv"));
    machine.link(&format!("../../{id}-1.csv"), &link);
    let file = std::fs::File::create(machine.path("files").join(&old)).unwrap();
    file.set_modified(now - Duration::from_hours(9)).unwrap();
    names_link(machine.files.sweep_exports(moment(now)).await, &link);
    assert!(bait.exists() && !machine.path("files").join(&old).exists());
}

#[tokio::test]
async fn a_row_that_names_another_file_reads_and_deletes_nothing() {
    let machine = Machine::new();
    let files = &machine.files;
    let id = Uuid::from_u128(7);
    let head = "outside/heads/0123456789abcdef/r1/ffffffffffff/ffff";
    let export = format!("exports/{id}-1.csv");
    for key in [head, &export] {
        assert!(files.create(key, "kept").await.unwrap());
    }
    let other = Shelf::Exports(Uuid::from_u128(8));
    for (shelf, key) in [
        (Shelf::Exports(id), head),
        (Shelf::Reports, head),
        (Shelf::Covers, head),
        (Shelf::Reports, &export),
        (other, &export),
    ] {
        let is_refused = |error| matches!(error, FilesError::NotOurs(named) if named == key);
        assert!(files.get(shelf, key, 0..1).await.is_err_and(is_refused), "{key}");
        assert!(files.get(shelf, key, 0..0).await.is_err_and(is_refused), "{key}");
        assert!(files.read(shelf, key).await.is_err_and(is_refused), "{key}");
        assert!(files.delete(shelf, key).await.is_err_and(is_refused), "{key}");
        assert!(files.delete_of_report(key).await.is_err_and(is_refused), "{key}");
        assert_eq!(files.find(key).await.unwrap().unwrap(), "kept");
    }
}
