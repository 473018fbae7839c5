//! Binds finished pages into one PDF file: fonts, bookmarks, title, language and reading order.

use pdf_writer::{
    Finish, Name, Pdf, Rect, Ref, TextStr, types::StructRole, writers::StructTreeRoot,
};

use super::pdf_page::{A4, Face, Sheet};

/// What the document says of itself.
pub struct About<'a> {
    pub title: &'a str,
    pub author: &'a str,
    pub subject: &'a str,
}

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const INFO: Ref = Ref::new(3);
const OUTLINE: Ref = Ref::new(4);
const DOCUMENT: Ref = Ref::new(5);
const TREE: Ref = Ref::new(9);
const FONTS: [(Face, &[u8], Ref); 3] = [
    (Face::Sans, b"Helvetica", Ref::new(6)),
    (Face::Bold, b"Helvetica-Bold", Ref::new(7)),
    (Face::Serif, b"Times-Roman", Ref::new(8)),
];

/// A page with its bookmark and the numbers of its objects.
struct Bound<'a> {
    bookmark: &'a str,
    sheet: Sheet,
    page: Ref,
    content: Ref,
    outline: Ref,
    /// The page's row in the tree that leads from marks to elements.
    parents: Ref,
    key: i32,
    elements: Vec<Ref>,
}

/// Writes pages, each with the words of its bookmark, as one file. The same pages give the same bytes.
pub fn bind(about: &About<'_>, sheets: Vec<(&str, Sheet)>) -> Vec<u8> {
    let pages = number(sheets);
    let mut pdf = Pdf::new();
    catalog(&mut pdf, &pages);
    pdf.document_info(INFO)
        .title(TextStr(about.title))
        .author(TextStr(about.author))
        .subject(TextStr(about.subject));
    for (_, base, id) in FONTS {
        pdf.type1_font(id).base_font(Name(base)).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(PAGES).kids(pages.iter().map(|bound| bound.page)).count(count);
    bookmarks(&mut pdf, &pages, count);
    structure(&mut pdf, &pages);
    for bound in pages {
        page(&mut pdf, bound);
    }
    pdf.finish()
}

fn number(sheets: Vec<(&str, Sheet)>) -> Vec<Bound<'_>> {
    let mut next = Ref::new(10);
    let bound = |(key, (bookmark, sheet)): (i32, (_, Sheet))| Bound {
        bookmark,
        page: next.bump(),
        content: next.bump(),
        outline: next.bump(),
        parents: next.bump(),
        key,
        elements: sheet.marks.iter().map(|_| next.bump()).collect(),
        sheet,
    };
    (0..).zip(sheets).map(bound).collect()
}

fn catalog(pdf: &mut Pdf, pages: &[Bound<'_>]) {
    let mut catalog = pdf.catalog(CATALOG);
    catalog.pages(PAGES).lang(TextStr("en-GB")).outlines(OUTLINE);
    catalog.viewer_preferences().display_doc_title(true);
    catalog.mark_info().marked(true);
    catalog.pair(Name(b"StructTreeRoot"), TREE);
    catalog.finish();
    let mut root: StructTreeRoot<'_> = pdf.indirect(TREE).start();
    root.child(DOCUMENT);
    let mut tree = root.parent_tree();
    let mut rows = tree.nums();
    for bound in pages {
        rows.insert(bound.key, bound.parents);
    }
}

fn bookmarks(pdf: &mut Pdf, pages: &[Bound<'_>], count: i32) {
    let mut outline = pdf.outline(OUTLINE);
    if let (Some(first), Some(last)) = (pages.first(), pages.last()) {
        outline.first(first.outline).last(last.outline).count(count);
    }
    outline.finish();
    for (at, bound) in pages.iter().enumerate() {
        let mut item = pdf.outline_item(bound.outline);
        item.parent(OUTLINE).title(TextStr(bound.bookmark));
        if let Some(before) = at.checked_sub(1).and_then(|n| pages.get(n)) {
            item.prev(before.outline);
        }
        if let Some(after) = pages.get(at + 1) {
            item.next(after.outline);
        }
        item.dest().page(bound.page).fit();
    }
}

fn structure(pdf: &mut Pdf, pages: &[Bound<'_>]) {
    let mut document = pdf.struct_element(DOCUMENT);
    document.kind(StructRole::Document).parent(TREE);
    let mut children = document.children();
    for element in pages.iter().flat_map(|bound| &bound.elements) {
        children.struct_element(*element);
    }
    children.finish();
    document.finish();
    for bound in pages {
        pdf.indirect(bound.parents).array().items(bound.elements.iter().copied());
        for ((mcid, mark), element) in (0..).zip(&bound.sheet.marks).zip(&bound.elements) {
            let mut element = pdf.struct_element(*element);
            element.kind(mark.role).parent(DOCUMENT).page(bound.page);
            element.children().marked_content_id(mcid);
            if let Some(alt) = &mark.alt {
                element.alt(TextStr(alt));
            }
        }
    }
}

fn page(pdf: &mut Pdf, bound: Bound<'_>) {
    let mut page = pdf.page(bound.page);
    page.parent(PAGES)
        .media_box(Rect::new(0.0, 0.0, A4.0, A4.1))
        .contents(bound.content)
        .struct_parents(bound.key);
    let mut resources = page.resources();
    let mut fonts = resources.fonts();
    for (face, _, id) in FONTS {
        fonts.pair(face.resource(), id);
    }
    fonts.finish();
    resources.finish();
    page.finish();
    pdf.stream(bound.content, &bound.sheet.content.finish());
}
