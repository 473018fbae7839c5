//! Bundles as the program writes them, before the page as a file.

use std::fs;
use std::path::{Path, PathBuf};

use assent_ledger::bundle::{EVENTS, EXTENT, KEYS};

use super::{ADA, SIGNED, Verifier, file, history, key};

/// What is done to a folder, and the steps of the page that may see it.
type Forgery = (&'static str, &'static [&'static str], fn(&Path));

const OF_THE_WHOLE: [Forgery; 9] = [
    ("an address changed", &["rows"], |folder| {
        let text = fs::read_to_string(folder.join(EVENTS)).unwrap();
        fs::write(folder.join(EVENTS), text.replace(ADA, "eve@b.example")).unwrap();
    }),
    ("a line left out", &["rows", "root"], |folder| {
        change_lines(folder, |lines| {
            lines.remove(1);
        });
    }),
    ("two lines exchanged", &["rows", "root"], |folder| {
        change_lines(folder, |lines| lines.swap(1, 2));
    }),
    ("words changed", &["documents"], |folder| append_to_one_in(folder, "notices")),
    ("a policy changed", &["documents"], |folder| append_to_one_in(folder, "policies")),
    ("a blank form changed", &["documents"], |folder| append_to_one_in(folder, "forms")),
    ("a context left out", &["documents"], |folder| {
        fs::remove_file(one_in(&folder.join("contexts"))).unwrap();
    }),
    ("a file more", &["files"], |folder| fs::write(folder.join("more.txt"), "more").unwrap()),
    ("its keys left out", &["key", "head"], |folder| fs::remove_file(folder.join(KEYS)).unwrap()),
];

const OF_A_PART: [Forgery; 3] = [
    ("a line left out", &["extent"], |folder| {
        change_lines(folder, |lines| {
            lines.remove(0);
        });
    }),
    ("the signed word on how many left out", &["extent"], |folder| {
        fs::remove_file(folder.join(EXTENT)).unwrap();
    }),
    ("words changed", &["documents"], |folder| append_to_one_in(folder, "notices")),
];

fn change_lines(folder: &Path, change: fn(&mut Vec<&str>)) {
    let text = fs::read_to_string(folder.join(EVENTS)).unwrap();
    let mut lines = text.lines().collect();
    change(&mut lines);
    fs::write(folder.join(EVENTS), lines.join("\n") + "\n").unwrap();
}

/// The first file of a folder.
fn one_in(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.min().unwrap()
}

fn append_to_one_in(folder: &Path, name: &str) {
    let path = one_in(&folder.join(name));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text + "More.\n").unwrap();
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(path, to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_and_the_program_agree_on_bundles() {
    let app = history().await;
    let mut page = Verifier::open(&file()).await;
    let (vkey, dir) = (key(&app), tempfile::tempdir().unwrap());
    let [whole, part] = ["whole", "part"].map(|name| dir.path().join(name));
    app.does(&["ledger", "bundle", whole.to_str().unwrap()]);
    app.does(&["ledger", "bundle", part.to_str().unwrap(), "--only", ADA]);
    page.says_of(&whole).await.is_sound("bundle", "came-along");
    page.knows(&vkey).await;
    let forgeries: [(&Path, &[Forgery]); 2] = [(&whole, &OF_THE_WHOLE), (&part, &OF_A_PART)];
    for (bundle, forgeries) in forgeries {
        let audit = |folder: &Path| {
            app.command(&["ledger", "audit", folder.to_str().unwrap(), "--key", &vkey])
        };
        assert!(audit(bundle).status.success());
        let said = page.says_of(bundle).await;
        said.is_sound("bundle", "known");
        assert_eq!((said.title.as_str(), said.confirmed.as_str()), (SIGNED, "nobody"));
        for (at, (what, steps, forge)) in forgeries.iter().enumerate() {
            let forged = dir.path().join("forged").join(at.to_string());
            copy(bundle, &forged);
            forge(&forged);
            assert_eq!(audit(&forged).status.code(), Some(1), "{what}");
            page.says_of(&forged).await.is_forged(steps, what);
            fs::remove_dir_all(forged).unwrap();
        }
    }
    // What a file manager leaves is said by both, and accuses nobody.
    for file in ["Thumbs.db", "notices/desktop.ini"] {
        fs::write(part.join(file), "left").unwrap();
        let told = app.does(&["ledger", "audit", part.to_str().unwrap(), "--key", &vkey]);
        assert!(told.contains(&format!("warning: {file} is what a file manager leaves")), "{told}");
        page.says_of(&part).await.is_sound("bundle", "known");
        page.reader.reads("#step-files", file).await;
        fs::remove_file(part.join(file)).unwrap();
    }
    page.says_of(&part).await.is_sound("bundle", "known");
    page.looks_good("bundle").await;
    page.reader.reads("#answer", ADA).await;
}
