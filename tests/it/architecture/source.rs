//! Rust files as words, signs and literals, without comments, and the paths that they name.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

pub static PROGRAM: LazyLock<Vec<File>> = LazyLock::new(|| rust_files("src"));
pub static VERIFIER: LazyLock<Vec<File>> = LazyLock::new(|| rust_files("ledger/src"));
pub static STORIES: LazyLock<Vec<File>> = LazyLock::new(|| rust_files("tests/it"));

fn rust_files(directory: &str) -> Vec<File> {
    let files = files_under(directory);
    assert!(!files.is_empty(), "{directory}: nothing was found");
    let is_rust = |path: &&String| path.rsplit_once('.').is_some_and(|(_, ending)| ending == "rs");
    files.iter().filter(is_rust).map(|path| File::read(path)).collect()
}

#[derive(Default)]
pub struct File {
    /// From the project's root, such as `src/store/mod.rs`.
    pub path: String,
    pub lines: usize,
    pub tokens: Vec<Token>,
    pub names: Vec<Name>,
}

pub struct Token {
    pub text: String,
    pub line: usize,
    /// Within what only tests compile.
    pub in_test: bool,
    pub literal: bool,
}

/// A path of two parts or more, such as `crate::store::Tx`, or one of a `use`; groups are written out.
pub struct Name {
    pub parts: Vec<String>,
    pub line: usize,
    pub in_test: bool,
    /// What a `use` makes it in the file.
    pub known_as: Option<String>,
    /// Of a `pub use`, whoever it is for.
    pub public: bool,
}

/// Where a word stands.
#[derive(Clone, Default)]
struct Around {
    in_test: bool,
    /// Within a `use`, and whether that is public.
    of_use: Option<bool>,
    /// What the paths of a group begin with.
    begin: Vec<String>,
}

impl File {
    pub fn parse(path: &str, text: &str) -> Self {
        let stream = text.parse().unwrap_or_else(|error| panic!("{path} is not Rust: {error}"));
        let mut file = Self { path: path.into(), lines: text.lines().count(), ..Self::default() };
        // A file of tests alone is compiled for tests alone.
        file.take(stream, &Around { in_test: path.ends_with("_tests.rs"), ..Around::default() });
        file
    }

    pub fn read(path: &str) -> Self {
        let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        Self::parse(path, &fs::read_to_string(whole).unwrap())
    }

    /// The path of its module within its crate: `web`, `http` for `src/web/http/mod.rs`.
    pub fn module(&self) -> Vec<&str> {
        let path = self.path.trim_start_matches("ledger/").trim_start_matches("src/");
        let path = path.trim_end_matches(".rs");
        let mut parts: Vec<&str> = path.split('/').collect();
        parts.pop_if(|last| ["mod", "lib", "main"].contains(last));
        parts
    }

    pub fn breaks(&self, line: usize, rule: &str) -> String {
        format!("{}:{line}: {rule}", self.path)
    }

    fn take(&mut self, stream: TokenStream, around: &Around) {
        let (mut now, mut name) = (around.clone(), None::<Name>);
        for tree in stream {
            let line = tree.span().start().line;
            let follows = |code: &str| self.tokens.last().is_some_and(|last| last.is(code));
            match tree {
                TokenTree::Literal(literal) => {
                    let (text, in_test) = (literal.to_string(), now.in_test);
                    self.tokens.push(Token { text, line, in_test, literal: true });
                }
                TokenTree::Punct(sign) if sign.as_char() == ':' && follows(":") => {
                    self.tokens.pop();
                    self.push(&"::", line, now.in_test);
                }
                TokenTree::Punct(sign) if sign.as_char() != '*' || now.of_use.is_none() => {
                    self.push(&sign, line, now.in_test);
                    // What `#[cfg(test)]` stands before reaches to its semicolon or its braces.
                    if sign.as_char() == ';' {
                        now = around.clone();
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {
                    let (word, renames) = (tree.to_string(), follows("as"));
                    match &mut name {
                        Some(name) if follows("::") => name.parts.push(word.clone()),
                        Some(Name { known_as: Some(own), .. }) if renames => own.clone_from(&word),
                        _ if word == "as" => {}
                        _ => {
                            let next = now.name(word.clone(), line);
                            self.names.extend(name.replace(next).and_then(Name::whole));
                        }
                    }
                    if word == "use" {
                        now.of_use = Some(follows("pub"));
                    }
                    self.push(&word, line, now.in_test);
                }
                TokenTree::Group(group) => {
                    let attribute = attribute(&self.tokens, &group);
                    if attribute.starts_with("doc=") {
                        while self.tokens.pop().is_some_and(|sign| !sign.is("#")) {}
                        continue;
                    }
                    if follows("pub") && is_visibility(&group) {
                        continue;
                    }
                    now.in_test |= attribute == "cfg(test)";
                    let begin = match name.take() {
                        Some(name) if follows("::") => name.parts,
                        other => {
                            self.names.extend(other.and_then(Name::whole));
                            vec![]
                        }
                    };
                    let (open, close) = match group.delimiter() {
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::Parenthesis | Delimiter::None => ("(", ")"),
                    };
                    self.push(&open, line, now.in_test);
                    self.take(group.stream(), &Around { begin, ..now });
                    self.push(&close, group.span_close().start().line, now.in_test);
                    if open == "{" {
                        now = around.clone();
                    }
                }
            }
        }
        self.names.extend(name.and_then(Name::whole));
    }

    fn push(&mut self, text: &dyn ToString, line: usize, in_test: bool) {
        self.tokens.push(Token { text: text.to_string(), line, in_test, literal: false });
    }
}

/// What stands in `#[…]` or `#![…]`, without spaces; nothing for any other group.
fn attribute(before: &[Token], group: &Group) -> String {
    let sign = before.iter().rfind(|token| !token.is("!"));
    let begins = sign.is_some_and(|sign| sign.is("#")) && group.delimiter() == Delimiter::Bracket;
    if begins { group.stream().to_string().replace(' ', "") } else { String::new() }
}

/// `(super)` or `(in crate::web)`: this says where something is seen, not what is needed.
fn is_visibility(group: &Group) -> bool {
    let first = group.stream().into_iter().next();
    first.is_some_and(|word| ["in", "crate", "super", "self"].contains(&&*word.to_string()))
}

/// All files below a directory of the project, from the project's root, in order.
pub fn files_under(directory: &str) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{directory}/{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            files.append(&mut files_under(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Where a path leads that begins at the crate or at the module it stands in.
pub fn absolute<'a>(module: &[&'a str], parts: &[&'a str]) -> Option<Vec<&'a str>> {
    let (first, mut rest) = parts.split_first()?;
    let mut path = match *first {
        "crate" | "assent" => vec![],
        "self" => module.to_vec(),
        "super" => module.split_last().map_or_else(Vec::new, |(_, parent)| parent.to_vec()),
        _ => return None,
    };
    while let Some((&"super", after)) = rest.split_first() {
        path.pop();
        rest = after;
    }
    path.extend(rest);
    Some(path)
}

impl Token {
    pub fn is(&self, code: &str) -> bool {
        !self.literal && self.text == code
    }
}

impl Around {
    fn name(&self, word: String, line: usize) -> Name {
        let parts = [self.begin.as_slice(), &[word]].concat();
        let public = self.of_use == Some(true);
        Name {
            parts,
            line,
            in_test: self.in_test,
            known_as: self.of_use.map(|_| String::new()),
            public,
        }
    }
}

impl Name {
    pub fn parts(&self) -> Vec<&str> {
        self.parts.iter().map(String::as_str).collect()
    }

    fn whole(mut self) -> Option<Self> {
        self.parts.pop_if(|last| last == "self" && self.known_as.is_some());
        let last = self.parts.last()?;
        if let Some(own) = self.known_as.as_mut().filter(|own| own.is_empty()) {
            own.clone_from(last);
        }
        (self.parts.len() > 1 || self.known_as.is_some()).then_some(self)
    }
}
