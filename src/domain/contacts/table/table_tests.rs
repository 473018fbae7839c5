use proptest::prelude::*;

use crate::domain::contacts::table::*;

/// What a story about a table shows: the line and cells of each row, or why it is none.
fn read(bytes: &[u8], least: usize) -> Vec<(u64, Result<Vec<String>, RowError>)> {
    let mut table = Table::begin(bytes, FirstLine::Header, |name| name == "email").unwrap();
    let address = table.names().iter().position(|name| name == "email").unwrap();
    table.place_address(address, least);
    let columns = table.names().len();
    let mut rows = Vec::new();
    while let Some(row) = table.next_row().unwrap() {
        let text = |cells: Cells<'_>| {
            let mut texts: Vec<String> =
                (0..columns).map(|at| cells.text(at).unwrap_or("not UTF-8").to_owned()).collect();
            while texts.last().is_some_and(String::is_empty) {
                texts.pop();
            }
            texts
        };
        rows.push((row.line, row.cells.map(text)));
    }
    assert_eq!(table.rows(), rows.len() as u64);
    rows
}

fn good(line: u64, cells: &[&str]) -> (u64, Result<Vec<String>, RowError>) {
    (line, Ok(cells.iter().map(|cell| (*cell).to_owned()).collect()))
}

const ANN: &str = "ann@x.example,Ann,2024";
const BEA: &str = "bea@x.example,Bea,2024";

fn ann(line: u64) -> (u64, Result<Vec<String>, RowError>) {
    good(line, &["ann@x.example", "Ann", "2024"])
}

fn bea(line: u64) -> (u64, Result<Vec<String>, RowError>) {
    good(line, &["bea@x.example", "Bea", "2024"])
}

#[test]
fn every_separator_and_line_end_is_found_out() {
    for separator in [",", ";", "\t", "|"] {
        for end in ["\n", "\r\n", "\r"] {
            let file =
                format!("email,name,at\n\n{ANN}\n{BEA}").replace(',', separator).replace('\n', end);
            let marked = format!("\u{feff}{file}");
            let said = format!("sep={separator}{end}{file}");
            for (file, first) in [(&file, 3), (&marked, 3), (&said, 4)] {
                assert_eq!(read(file.as_bytes(), 3), [ann(first), bea(first + 1)], "{file:?}");
            }
        }
    }
    let file: Vec<u8> = format!("\u{feff}email\tname\tat\r\n{}", ANN.replace(',', "\t"))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(read(&file, 3), [ann(2)]);
    // What the first line says wrongly does not count.
    assert_eq!(read(format!("sep=;\nemail,name,at\n{ANN}").as_bytes(), 3), [ann(3)]);
    // A separator within a name is none.
    let odd = format!("email,\"name; first, last\",at\n{ANN}");
    assert_eq!(read(odd.as_bytes(), 3), [ann(2)]);
}

#[test]
fn an_opened_quote_costs_its_own_row() {
    let never = |line| (line, Err(RowError::NeverClosed));
    let cyd = "cyd@x.example,\"Cyd,2024";
    for (rows, expected) in [
        // Never closed, to the end.
        (vec![cyd, ANN, BEA], vec![never(2), ann(3), bea(4)]),
        (vec![ANN, BEA, cyd], vec![ann(2), bea(3), never(4)]),
        // Twice.
        (vec![cyd, ANN, cyd, BEA], vec![never(2), ann(3), never(4), bea(5)]),
        // Closed by the beginning of another row's quoted cell.
        (vec![cyd, "bea@x.example,\"Bea\",2024", ANN], vec![never(2), bea(3), ann(4)]),
        // In the last cell, closed at the end of another row.
        (
            vec!["cyd@x.example,Cyd,\"2024", "dan@x.example,Dan,2024\"", ANN],
            vec![never(2), good(3, &["dan@x.example", "Dan", "2024\""]), ann(4)],
        ),
        // Closed before a separator.
        (
            vec![cyd, "dan@x.example,\",\",2024", ANN],
            vec![never(2), good(3, &["dan@x.example", ",", "2024"]), ann(4)],
        ),
        // In the address itself.
        (vec!["\"cyd@x.example,Cyd,2024", ANN, BEA], vec![never(2), ann(3), bea(4)]),
        (vec!["cyd@x.example,\"Cyd\" D,2024", ANN], vec![(2, Err(RowError::BehindQuote)), ann(3)]),
    ] {
        let file = format!("email,name,at\n{}\n", rows.join("\n"));
        assert_eq!(read(file.as_bytes(), 3), expected, "{file}");
    }
    // However many follow.
    let many = format!("email,name,at\n{cyd}\n{}", format!("{ANN}\n").repeat(5_000));
    assert_eq!(read(many.as_bytes(), 3).len(), 5_001);
}

#[test]
fn a_cell_may_have_lines_of_its_own() {
    let file = b"email,name,notes\n\
        ann@x.example,Ann,\"called\nwrote to bea@x.example, twice\n\n\"\"soon\"\"\"\n\
        bea@x.example,Bea,\n";
    assert_eq!(
        read(file, 1),
        [
            good(2, &["ann@x.example", "Ann", "called\nwrote to bea@x.example, twice\n\n\"soon\""]),
            good(6, &["bea@x.example", "Bea"]),
        ]
    );
    // One that does not have all the cells is no such row.
    let short = b"email,name,notes\nann@x.example,\"Ann\nLee\"\nbea@x.example,Bea,x\n";
    let read = read(short, 1);
    assert_eq!(read[0], (2, Err(RowError::NeverClosed)));
    assert_eq!(read.last(), Some(&good(4, &["bea@x.example", "Bea", "x"])));
}

#[test]
fn what_is_too_long_costs_its_own_row() {
    let long = "x".repeat(LONGEST + 1);
    let open = format!("cyd@x.example,\"{}\n{}", "x".repeat(40_000), "y".repeat(40_000));
    let file = format!("email,name,at\n{long}\n{ANN}\n{open}\n{BEA}\n");
    let read = read(file.as_bytes(), 3);
    assert_eq!(read[..2], [(2, Err(RowError::TooLong)), ann(3)]);
    assert_eq!(read[2], (4, Err(RowError::NeverClosed)));
    assert_eq!((read.len(), read[4].clone()), (5, bea(6)));
}

#[test]
fn a_file_of_opened_quotes_is_read_once() {
    // Each line leaves a cell open, wherever a row begins.
    let columns = vec!["email"; 1_500].join(",");
    let file = format!("{columns}\n{}", "x\",\"c\n".repeat(100_000));
    let mut table =
        Table::begin(file.as_bytes(), FirstLine::Header, |name| name == "email").unwrap();
    table.place_address(0, 1);
    while table.next_row().unwrap().is_some() {}
    assert_eq!(table.rows(), 100_000);
    let most = 4 * file.len() as u64 + READ_AGAIN + 2 * LONGEST as u64;
    assert!(table.read_again < most + 100_000 * 7, "{}", table.read_again);
}

#[test]
fn missing_and_empty_cells_are_nothing() {
    let file = "email,at,name,,\n\
        ann@x.example,2024\n\
        ,,,,\n\
        \u{a0},\u{feff} ,\n\
        bea@x.example,2024,Bea,,\n\
        cyd@x.example,2024,Cyd,,x\n\
        dan@x.example;2024;Dan\n\
        only one cell\n";
    assert_eq!(
        read(file.as_bytes(), 2),
        [
            good(2, &["ann@x.example", "2024"]),
            good(5, &["bea@x.example", "2024", "Bea"]),
            (6, Err(RowError::TooMany(5, 3))),
            (7, Err(RowError::OtherSeparator(Separator::ALL[1], Separator::COMMA))),
            good(8, &["only one cell"]),
        ]
    );
    let words = RowError::OtherSeparator(Separator::ALL[1], Separator::COMMA).to_string();
    assert_eq!(words, "the separator is a semicolon here, and a comma in the header");
    // A column without a name in front of the others holds what it likes.
    let numbered = format!(",email,name,at\n0,{ANN}\n1,{BEA}\n");
    assert_eq!(read(numbered.as_bytes(), 4)[1].1.as_ref().unwrap()[1], "bea@x.example");
}

#[test]
fn names_of_columns_are_the_same_however_they_are_written() {
    for written in
        ["Job_title", "JOB TITLE", "job-title", "\u{a0}Job  Title\u{200b}", "\"Job\nTitle\""]
    {
        let file = format!("\u{feff}EMAIL ,{written}\n");
        let table =
            Table::begin(file.as_bytes(), FirstLine::Header, |name| name == "email").unwrap();
        assert_eq!(table.names(), ["email", "job title"], "{written}");
    }
    assert_eq!(
        name("Legal basis for processing contact’s data".as_bytes()),
        "legal basis for processing contact's data"
    );
}

#[test]
fn what_has_no_header_is_no_table() {
    let begin = |bytes: &[u8], first| {
        let begun = Table::begin(bytes, first, |name: &str| name == "email");
        begun.map(|table| table.names().to_vec()).map_err(|error| error.to_string())
    };
    let says = |bytes: &[u8]| begin(bytes, FirstLine::Header).unwrap_err();
    assert_eq!(says(b""), "it is empty");
    assert_eq!(says(b"\n \r\n\n"), "it is empty");
    assert_eq!(says(b"sep=;\n"), "it is empty");
    assert_eq!(says(b"ann@x.example,Ann\n"), "the first line is not a header");
    assert_eq!(says(b"email,\"name,at\n"), "the first line is not a header");
    assert_eq!(says(b"em\0ail,x\n"), "the first line is not a header");
    assert_eq!(says(b"name;at\n"), "the header lacks `email`");
    assert!(says(b"PK\x03\x04").contains("workbook"));
    assert_eq!(says("email,".repeat(2_001).as_bytes()), "the header has more than 2,000 columns");
    let bare = begin(b"\xef\xbb\xbf\nann@x.example\nbea@x.example\n", FirstLine::HeaderOrAddress);
    assert_eq!(bare, Ok(vec!["email".to_owned()]));
    assert!(begin(b"ann@x.example,Ann\n", FirstLine::HeaderOrAddress).is_err());
}

#[test]
fn a_bare_list_has_its_first_line() {
    let mut table = Table::begin(
        &b"ann@x.example\n\nbea@x.example;x\n"[..],
        FirstLine::HeaderOrAddress,
        |_| false,
    )
    .unwrap();
    table.place_address(0, 1);
    let first = table.next_row().unwrap().unwrap();
    assert_eq!((first.line, first.cells.unwrap().text(0)), (1, Some("ann@x.example")));
    assert_eq!(table.next_row().unwrap().unwrap().line, 3);
    assert!(table.next_row().unwrap().is_none());
}

#[test]
fn the_guard_of_our_own_exports_is_taken_off() {
    let file = "email,name,at\n'-dash@x.example,'=Ann,''=x\n'tis@x.example,O'Neill,'\n";
    assert_eq!(
        read(file.as_bytes(), 3),
        [
            good(2, &["-dash@x.example", "=Ann", "'=x"]),
            good(3, &["'tis@x.example", "O'Neill", "'"]),
        ]
    );
}

proptest! {
    #[test]
    fn whatever_stands_between_them_no_good_row_is_swallowed(
        between in proptest::collection::vec("[\",;x \r\t'@.=\u{e9}]{0,12}", 0..12),
        end in "\n|\r\n",
    ) {
        let good = |n: usize| format!("p{n}@x.example,\"Ann, Lee\",2024");
        let mut file = format!("email,name,at{end}");
        for (n, line) in between.iter().enumerate() {
            file += &[line.as_str(), &end, &good(n), &end].concat();
        }
        let rows = read(file.as_bytes(), 3);
        for n in 0..between.len() {
            let cells = [format!("p{n}@x.example"), "Ann, Lee".to_owned(), "2024".to_owned()];
            let line = 3 + 2 * n as u64;
            prop_assert!(rows.contains(&(line, Ok(cells.to_vec()))), "{n} of {file:?}: {rows:?}");
        }
    }

    #[test]
    fn nothing_that_is_sent_stops_the_program(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(mut table) = Table::begin(&bytes[..], FirstLine::HeaderOrAddress, |name| name == "x") {
            table.place_address(0, 1);
            let mut last = 0;
            while let Some(Row { line, .. }) = table.next_row().unwrap() {
                prop_assert!(line > last);
                last = line;
            }
        }
    }
}
