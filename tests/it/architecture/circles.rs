//! Which file needs which, and the circles among them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::source::{File, absolute};

/// For each file those that it needs, with the first line that says so.
pub type Edges<'a> = BTreeMap<&'a str, BTreeMap<&'a str, usize>>;

type Path<'a> = Vec<&'a str>;

/// A path that a file names outside its tests, from the crate's root.
struct Named<'a> {
    path: Path<'a>,
    known_as: &'a str,
    re_exported: bool,
    line: usize,
}

/// By every `use` and every path in code, to the file where the item stands: a re-export is passed through
/// and is no need by itself, but for one of everything, which hides where things stand.
pub fn edges(files: &[File]) -> Edges<'_> {
    let in_house =
        |file: &&File| !file.path.ends_with("src/main.rs") && !file.path.ends_with("_tests.rs");
    let modules: HashMap<Path, &File> =
        files.iter().filter(in_house).map(|file| (file.module(), file)).collect();
    let named: Vec<_> = modules.values().map(|file| (*file, named(file, &modules))).collect();
    let mut re_exports = HashMap::new();
    for (file, named) in &named {
        for name in named.iter().filter(|name| name.re_exported) {
            re_exports.insert([file.module(), vec![name.known_as]].concat(), &name.path);
        }
    }
    let mut edges = Edges::new();
    for (file, named) in &named {
        let needs = edges.entry(&file.path).or_default();
        for name in named.iter().filter(|name| !name.re_exported) {
            let place = place(&name.path, &modules, &re_exports).map(|place| place.path.as_str());
            if let Some(place) = place.filter(|place| *place != file.path) {
                needs.entry(place).or_insert(name.line);
            }
        }
    }
    edges
}

fn named<'a>(file: &'a File, modules: &HashMap<Path, &File>) -> Vec<Named<'a>> {
    let module = file.module();
    let own = |path: &[&'a str]| {
        let is_child = modules.contains_key(&[&module, &path[..1]].concat());
        absolute(&module, path).or_else(|| is_child.then(|| [&module, path].concat()))
    };
    let names = || file.names.iter().filter(|name| !name.in_test).map(|name| (name, name.parts()));
    let imports: HashMap<&str, Path> =
        names().filter_map(|(name, path)| Some((name.known_as.as_deref()?, own(&path)?))).collect();
    let needs = names().filter_map(|(name, path)| {
        let of_import = || Some([imports.get(path[0])?, &path[1..]].concat());
        let path = own(&path).or_else(of_import)?;
        let known_as = name.known_as.as_deref().unwrap_or_default();
        let re_exported = name.public && known_as != "*";
        Some(Named { path, known_as, re_exported, line: name.line })
    });
    needs.collect()
}

/// The file of an item, re-exports of re-exports followed.
fn place<'a>(
    path: &[&str],
    modules: &HashMap<Path, &'a File>,
    re_exports: &HashMap<Path, &Path>,
) -> Option<&'a File> {
    let mut lengths = (0..=path.len()).rev();
    let length = lengths.find(|length| modules.contains_key(&path[..*length]))?;
    match path.get(..=length).and_then(|item| re_exports.get(item)) {
        Some(from) => place(&[from, &path[length + 1..]].concat(), modules, re_exports),
        None => modules.get(&path[..length]).copied(),
    }
}

pub fn circles(edges: &Edges) -> Vec<String> {
    let (way, done, broken) = (Vec::new(), BTreeSet::new(), Vec::new());
    let mut walk = Walk { edges, way, done, broken };
    for file in edges.keys() {
        walk.go_on(file);
    }
    walk.broken
}

/// A walk along what files need.
struct Walk<'a> {
    edges: &'a Edges<'a>,
    way: Vec<&'a str>,
    done: BTreeSet<&'a str>,
    broken: Vec<String>,
}

impl<'a> Walk<'a> {
    /// Goes wherever a file leads, once; who comes upon the way there has found a circle.
    fn go_on(&mut self, file: &'a str) {
        let edges = self.edges;
        if let Some(begin) = self.way.iter().position(|before| *before == file) {
            let circle = &self.way[begin..];
            let needs = circle.iter().zip(circle.iter().cycle().skip(1));
            let needs =
                needs.map(|(from, to)| format!("\n    {from}:{} needs {to}", edges[from][to]));
            let (files, needs) = (circle.len(), needs.collect::<String>());
            let rule =
                "move what they share to a file below, or make one file of what is one thing";
            self.broken.push(format!("a circle of {files} files: {rule}{needs}"));
        } else if self.done.insert(file) {
            self.way.push(file);
            for to in edges[file].keys() {
                self.go_on(to);
            }
            self.way.pop();
        }
    }
}

/// The circles of a crate whose modules `a` and `a::b` have these texts.
fn of(a: &str, b: &str) -> Vec<String> {
    let files = [
        ("src/lib.rs", "mod a;"),
        ("src/a/mod.rs", a),
        ("src/a/b.rs", b),
        ("src/c.rs", "pub use crate::a::B;"),
        ("src/a/b_tests.rs", "use crate::a;"),
    ];
    circles(&edges(&files.map(|(path, text)| File::parse(path, text))))
}

#[test]
fn circles_of_files_are_named() {
    let named = of("mod b;\nfn f() { b::f() }", "\n\nuse super::Shared;");
    assert!(named.len() == 1 && named[0].starts_with("a circle of 2 files: move"), "{named:?}");
    let needs = "\n    src/a/b.rs:3 needs src/a/mod.rs\n    src/a/mod.rs:2 needs src/a/b.rs";
    assert!(named[0].ends_with(needs), "{named:?}");
    for a in [
        "use b::f;",
        "use self::b as other; fn g() { other::f() }",
        "macro_rules! m { () => { $crate::a::b::f() } }",
        "pub use b::*;",
        "pub use b::B; fn g() { B::f() }",
        "pub(super) use b::B; use crate::c::B as Other;",
    ] {
        assert_eq!(of(a, "use super::Shared;").len(), 1, "{a}");
        assert_eq!(of(a, "use crate::{a};").len(), 1, "{a}");
        assert_eq!(of(a, "fn f() { super::g() }").len(), 1, "{a}");
    }
    for a in [
        "pub use b::B;",
        "pub(in crate::a::b) fn f() {}",
        "#[cfg(test)] mod tests { use super::b; }",
        "mod b_tests; fn f() { b_tests::f() }",
        "// b::f()",
        "/// As [`b::f`] and crate::a::b::f do.\nmod b;",
        "const B: &str = \"crate::a::b::f()\";",
    ] {
        assert_eq!(of(a, "use super::Shared;"), [""; 0], "{a}");
    }
}
