//! Words and looks of the operator's own: named, copied, checked before a reader sees them.

use std::path::{Path, PathBuf};

use assent::templates::BUILT_IN;
use tempfile::TempDir;

use crate::support::program::{run, run_well};

/// An operator's directory with the templates that they copied.
struct Desk(TempDir);

impl Desk {
    fn new(copied: &[&str]) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        if !copied.is_empty() {
            desk.does(&[&["templates", "export", "own", "--only"], copied].concat());
        }
        desk
    }

    fn does(&self, arguments: &[&str]) -> String {
        run_well(self.0.path(), &[], arguments)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("own").join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// Changes what a copied template says.
    fn changes(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} does not say {from}");
        self.write(name, text.replacen(from, to, 1));
    }

    /// The check refuses: each problem is a line that begins so, and the summary is this.
    fn is_refused(&self, problems: &[&str], summary: &str) {
        let output = run(self.0.path(), &[], &["templates", "check", "own"]);
        assert_eq!(output.status.code(), Some(1));
        let told = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), problems.len(), "{told}");
        for (line, problem) in lines.iter().zip(problems) {
            assert!(line.starts_with(problem), "{line}\nis not\n{problem}");
        }
        assert_eq!(String::from_utf8(output.stderr).unwrap(), format!("assent: {summary}\n"));
    }
}

fn in_directory(directory: &Path, name: &str) -> String {
    std::fs::read_to_string(directory.join(name)).unwrap()
}

#[test]
fn the_built_in_templates_are_sound_and_named() {
    let desk = Desk::new(&[]);
    let sound = desk.does(&["templates", "check"]);
    let count: usize = sound.strip_suffix(" templates are sound\n").unwrap().parse().unwrap();
    let list = desk.does(&["templates", "list"]);
    assert_eq!(list.lines().count(), count);
    for line in list.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        assert!(columns.len() == 3 && columns[1] == "built in" && !columns[2].is_empty(), "{line}");
    }
    assert!(!desk.0.path().join("data").exists(), "no database is needed");

    desk.does(&["templates", "export", "own", "--only", "public/index.html"]);
    let set = [("ASSENT_TEMPLATES_DIR", "own")];
    let list = run_well(desk.0.path(), &set, &["templates", "list"]);
    let own: Vec<&str> = list.lines().filter(|line| !line.contains("\tbuilt in\t")).collect();
    assert_eq!(
        own,
        [
            "public/index.html\town/public/index.html\tthe front page: all reports and the newsletter form"
        ]
    );
}

#[test]
fn what_was_copied_is_sound_and_an_edited_file_stays() {
    let desk = Desk::new(&[]);
    let told = desk.does(&["templates", "export", "own"]);
    let count = desk.does(&["templates", "list"]).lines().count();
    assert!(told.starts_with(&format!("{count} templates written to own")), "{told}");
    assert_eq!(desk.does(&["templates", "check", "own"]), format!("{count} templates are sound\n"));
    let mine = "Subject: Ours\nPreheader: Press once.\n\n{{ confirm_url }}\n";
    desk.write("mail/confirm.txt", mine);
    std::fs::remove_file(desk.path("public/index.html")).unwrap();

    let told = desk.does(&["templates", "export", "own"]);
    assert_eq!(told.lines().filter(|line| line.ends_with(": left as it is")).count(), count - 1);
    assert!(told.contains("own/mail/confirm.txt: left as it is\n"), "{told}");
    assert_eq!(told.lines().last().unwrap().split(" written").next(), Some("1 template"));
    assert_eq!(desk.read("mail/confirm.txt"), mine);
    let built_in =
        in_directory(Path::new(env!("CARGO_MANIFEST_DIR")), "templates/public/index.html");
    assert_eq!(desk.read("public/index.html"), built_in);
    desk.does(&["templates", "check", "own"]);

    let unknown = ["templates", "export", "own", "--only", "mail/confrim.txt"];
    let output = run(desk.0.path(), &[], &unknown);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("there is no template mail/confrim.txt: did you mean mail/confirm.txt?"),
        "{said}"
    );
}

#[test]
fn each_mistake_is_named_by_file_and_line() {
    let desk = Desk::new(&[
        "public/thank_you.html",
        "public/erased.html",
        "mail/confirm.txt",
        "mail/receipt.mjml",
        "mail/renewal.mjml",
        "mail/renewal.txt",
        "mail/change.txt",
    ]);
    desk.changes("public/thank_you.html", "{{ site.name }}", "{{ site.nam }}");
    desk.changes("public/erased.html", "<p>If you", "{% if site.demo %}\n<p>If you");
    desk.changes("mail/confirm.txt", "Subject: {% if", "About: {% if");
    desk.changes("mail/receipt.mjml", "<mj-divider />", "<mj-divider>");
    desk.changes(
        "mail/renewal.mjml",
        "<mj-divider />",
        "<mj-image src=\"https://cdn.example/logo.png\" />",
    );
    desk.changes("mail/renewal.txt", "\n{{ renew_url }}", "\nHere: {{ renew_url }}");
    desk.write("mail/change.txt", b"Subject: \xff\n");
    desk.write("public/thankyou.html", "Thanks");
    desk.write("notes.txt", "to do");
    desk.write(".gitignore", "");
    desk.is_refused(
        &[
            "own/mail/change.txt: it cannot be read as UTF-8 text",
            "own/mail/confirm.txt:1: write `Subject: …` in this line",
            "own/mail/receipt.mjml:42: `</mj-column>` stands where `<mj-divider>` of line 28 is still open",
            "own/mail/renewal.mjml:30: it loads https://cdn.example/logo.png",
            "own/mail/renewal.txt:44: put the link on a line of its own",
            "own/public/erased.html:13: it is not a template (",
            "own/public/thank_you.html:9: `site.nam` is not known here: did you mean `site.name`?",
            "own/notes.txt: it replaces no template: ",
            "own/public/thankyou.html: it replaces no template: did you mean public/thank_you.html?",
        ],
        &format!("7 of {} templates have problems, and 2 files replaced nothing", BUILT_IN.len()),
    );
}

#[test]
fn a_start_names_file_and_line_too() {
    let desk = Desk::new(&["mail/receipt.mjml"]);
    desk.changes("mail/receipt.mjml", "<p>Your address", "<p>1 < 2: your address");
    let quiet = [("ASSENT_LISTEN", "127.0.0.1:0"), ("RUST_LOG", "error")];
    for (directory, said) in [
        ("own", "assent: own/mail/receipt.mjml:17: it is not well-formed MJML"),
        ("owm", "assent: templates_dir owm is not a directory: "),
    ] {
        let set = [quiet[0], quiet[1], ("ASSENT_TEMPLATES_DIR", directory)];
        let output = run(desk.0.path(), &set, &["serve"]);
        assert_eq!(output.status.code(), Some(1));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.starts_with(said) && told.lines().count() == 1, "{told}");
    }
    let output = run(desk.0.path(), &[], &["templates", "check", "owm"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).starts_with("assent: owm is not a directory: ")
    );
}
