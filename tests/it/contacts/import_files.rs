//! Files as people bring them: what is unambiguous is read, one broken row costs one row, and every row is
//! accounted for.

use macro_rules_attribute::apply;
use serde_json::Value;

use crate::contacts::import::WEEKLY;
use crate::support::app::Database;
use crate::support::both_databases;
use crate::support::operator::Desk;

const ROW: &str = "Ann Example,Office,Clerk,2024-03-01T10:00:00Z,web form";
const HEADER: &str = "email,name,organisation,job_title,consented_at,method";

/// One contact as other programs write it, and the address.
fn files() -> Vec<(Vec<u8>, &'static str)> {
    let lines = |separator: &str, end: &str, email: &str| {
        format!("{HEADER}{end}{email},{ROW}{end}").replace(',', separator)
    };
    let utf_16 = |text: String| -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    vec![
        (
            format!("\u{feff}{}", lines(";", "\r\n", "semi@x.example")).into_bytes(),
            "semi@x.example",
        ),
        (lines("\t", "\r\n", "tab@x.example").into_bytes(), "tab@x.example"),
        (utf_16(lines("\t", "\r\n", "utf16@x.example")), "utf16@x.example"),
        (lines(",", "\r", "cr@x.example").into_bytes(), "cr@x.example"),
        (format!("sep=,\r\n{}", lines(",", "\r\n", "sep@x.example")).into_bytes(), "sep@x.example"),
        (
            format!(
                "Email,Name,Organisation,Job_title,Consented_at,METHOD\ntitle@x.example,{ROW}\n"
            )
            .into_bytes(),
            "title@x.example",
        ),
        (format!("{HEADER},,\r\ntrail@x.example,{ROW},,\r\n").into_bytes(), "trail@x.example"),
        (
            format!("{HEADER}\r\nblank@x.example,{ROW}\r\n,,,,,\r\n,,,,,\r\n").into_bytes(),
            "blank@x.example",
        ),
        (
            b"email,consented_at,method,name,job_title\r\nshort@x.example,2024-03-01,web\r\n"
                .to_vec(),
            "short@x.example",
        ),
        (
            b"email,name,consented_at,method\r\n'-guard@x.example,'=Ann,2024-03-01,web\r\n"
                .to_vec(),
            "-guard@x.example",
        ),
    ]
}

#[apply(both_databases!)]
async fn files_of_every_make_are_read(database: Database) {
    let desk = Desk::with_newsletter(database).await;
    for (file, email) in files() {
        let (code, said, errors) = desk.imports(&file, &[]);
        let all = (code, said.as_str(), errors.as_str());
        assert_eq!(
            all,
            (Some(0), "rows: 1, imported: 1, already agreed: 0, refused: 0\n", ""),
            "{email}"
        );
    }
    let exported = desk.exported();
    for (_, email) in files() {
        assert!(exported.iter().any(|row| row["email"] == email), "{email} of {exported:?}");
    }
    let guarded = exported.iter().find(|row| row["email"] == "-guard@x.example").unwrap();
    assert_eq!(guarded["name"], "=Ann");
    // A row of another make than the header is told why.
    let file = format!("{HEADER}\r\na@x.example;Ann;Office;Clerk;2024-03-01;web\r\n");
    let (code, said, _) = desk.imports(file.as_bytes(), &[]);
    assert!(
        said.starts_with("line 2: the separator is a semicolon here, and a comma in the header\n"),
        "{said}"
    );
    assert!(
        code == Some(1) && said.ends_with("rows: 1, imported: 0, already agreed: 0, refused: 1\n"),
        "{said}"
    );
    // Columns that nobody reads are named.
    let file = format!("{HEADER},Shoe size\r\nshoe@x.example,{ROW},38\r\n");
    let (code, _, errors) = desk.imports(file.as_bytes(), &[]);
    assert_eq!((code, errors.as_str()), (Some(0), "columns that are not read: `shoe size`\n"));
}

#[apply(both_databases!)]
async fn a_broken_row_costs_one_row(database: Database) {
    let desk = Desk::with_newsletter(database).await;
    let opened = "broken@x.example,\"Ann,2024-03-01,web\n";
    let good = |from: usize, count: usize| -> String {
        let row = |n| format!("p{n}@x.example,Ann,2024-03-01,web\n");
        (from..from + count).map(row).collect()
    };
    let header = "email,name,consented_at,method\n";
    for (file, summary, named) in [
        // Two of four.
        (
            format!("{header}{}{opened}{}{opened}", good(0, 1), good(1, 1)),
            "rows: 4, imported: 2, already agreed: 0, refused: 2",
            &[3, 5][..],
        ),
        // One of forty-two, the first.
        (
            format!("{header}{opened}{}", good(2, 41)),
            "rows: 42, imported: 41, already agreed: 0, refused: 1",
            &[2],
        ),
        // Closed by a later row's own quotation marks.
        (
            format!("{header}{opened}q@x.example,\"Ann\",2024-03-01,\"web\"\n{}", good(43, 2)),
            "rows: 4, imported: 3, already agreed: 0, refused: 1",
            &[2],
        ),
        // Longer than any row, and many behind it.
        (
            format!(
                "{header}{}x@x.example,{},2024-03-01,web\n{}",
                good(45, 1),
                "x".repeat(10 << 20),
                good(46, 1)
            ),
            "rows: 3, imported: 2, already agreed: 0, refused: 1",
            &[3],
        ),
        (
            format!("{header}{opened}{}", good(47, 3000)),
            "rows: 3001, imported: 3000, already agreed: 0, refused: 1",
            &[2],
        ),
    ] {
        let (dry, would, _) = desk.imports(file.as_bytes(), &["--dry-run"]);
        let (code, said, errors) = desk.imports(file.as_bytes(), &[]);
        assert_eq!((dry, code), (Some(1), Some(1)), "{errors}");
        assert_eq!(would.replace("would be imported", "imported"), said);
        assert_eq!(said.lines().last(), Some(summary), "{said}");
        let lines: Vec<&str> =
            said.lines().filter_map(|line| line.split_once(':')).map(|(line, _)| line).collect();
        let mut expected: Vec<String> = named.iter().map(|line| format!("line {line}")).collect();
        expected.push("rows".to_owned());
        assert_eq!(lines, expected, "{said}");
        assert!(errors.contains("rows were refused") && errors.lines().count() == 1, "{errors}");
        assert!(!said.contains('@') && !errors.contains('@'), "{said} {errors}");
    }
    assert_eq!(desk.exported().len(), 2 + 41 + 3 + 2 + 3000);
}

#[apply(both_databases!)]
async fn our_own_export_comes_back_as_it_was(database: Database) {
    let desk = Desk::with_newsletter(database).await;
    let file = "email,name,organisation,job_title,consented_at,method\n\
        '=ada@b.example,\"'=Ann, \"\"Lee\"\"\",'@Office,''-x,2024-02-29T22:59:59.123456Z,paper\n\
        bob@b.example,'Bob,O'Neill & Söhne,,2023-05-01,paper\n";
    let (code, said, errors) = desk.imports(file.as_bytes(), &[]);
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{said}");
    let csv = desk.does(&["export", "--purpose", WEEKLY, "--format", "csv"]);
    assert!(csv.contains("'=ada@b.example") && csv.contains("''-x"), "{csv}");
    let people = |desk: &Desk| -> Vec<Vec<Value>> {
        let of = |row: &Value| {
            ["email", "name", "organisation", "job_title", "confirmed_at"]
                .map(|name| row[name].clone())
                .to_vec()
        };
        let mut people: Vec<Vec<Value>> = desk.exported().iter().map(of).collect();
        people.sort_by_key(|person| person[0].to_string());
        people
    };
    let before = people(&desk);
    assert_eq!(before[0][1..4], ["=Ann, \"Lee\"", "@Office", "'-x"].map(Value::from));
    assert_eq!(before[1][1..3], ["'Bob", "O'Neill & Söhne"].map(Value::from));
    // Where they are, they agreed already, by whatever names the columns have.
    for preset in ["", "--preset=hubspot", "--preset=mailchimp", "--preset=salesforce"] {
        let export = ["export", "--purpose", WEEKLY, "--format", "csv", preset];
        let export: Vec<&str> = export.into_iter().filter(|word| !word.is_empty()).collect();
        let (code, said, errors) = desk.imports(desk.does(&export).as_bytes(), &[]);
        assert_eq!(
            said, "rows: 2, imported: 0, already agreed: 2, refused: 0\n",
            "{preset}: {errors}"
        );
        assert_eq!(code, Some(0));
    }
    // Elsewhere they are the same people.
    let other = Desk::with_newsletter(database).await;
    let (code, said, errors) = other.imports(csv.as_bytes(), &[]);
    assert_eq!(said, "rows: 2, imported: 2, already agreed: 0, refused: 0\n", "{errors}");
    assert_eq!(code, Some(0));
    assert_eq!(people(&other), before);
    // What it says of another purpose is not taken for this one.
    let (code, said, _) =
        other.imports(csv.replace("newsletter:weekly", "newsletter:daily").as_bytes(), &[]);
    assert!(code == Some(1) && said.starts_with("line 2: `purpose` is another"), "{said}");
}

#[apply(both_databases!)]
async fn the_exports_of_other_tools_are_read_by_their_names(database: Database) {
    let desk = Desk::with_newsletter(database).await;
    let mailchimp = "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LEID,EUID,NOTES,TAGS\n\
        chimp@b.example,Ann,Lee,2,\"2020-02-03 12:00:01\",192.0.2.1,\"2020-02-03 12:05:00\",192.0.2.1,1,a,\"two\nlines\",\"x, y\"\n";
    let hubspot = "Record ID,First Name,Last Name,Email,Create Date,Associated Company,Legal basis for processing contact's data\n\
        1,Hub,Lee,hub@b.example,2024-03-01 10:00,Office,Freely given consent from contact\n\
        2,Not,Lee,not@b.example,2024-03-01 10:00,Office,Not applicable\n";
    let listmonk = "uuid,email,name,attributes,status,created_at,updated_at\n\
        u,monk@b.example,Monk Lee,\"{\"\"city\"\": \"\"Bonn\"\"}\",enabled,2024-03-01 10:00:00.123456 +0000 UTC,2024-03-01 10:00:00 +0000 UTC\n\
        v,gone@b.example,Gone,{},blocklisted,2024-03-01 10:00:00 +0000 UTC,2024-03-01 10:00:00 +0000 UTC\n";
    for (file, method, refused, code) in [
        (mailchimp, None, 0, 0),
        (hubspot, None, 1, 1),
        (listmonk, Some("confirmed by listmonk"), 1, 1),
    ] {
        let more: Vec<&str> = method.map_or(vec![], |method| vec!["--method", method]);
        let (exit, said, errors) = desk.imports(file.as_bytes(), &more);
        let summary =
            format!("rows: {}, imported: 1, already agreed: 0, refused: {refused}\n", 1 + refused);
        assert!(said.ends_with(&summary) && exit == Some(code), "{said} {errors}");
        assert!(errors.contains("columns that are not read: "), "{errors}");
    }
    let people: Vec<(String, String, String)> = desk
        .exported()
        .iter()
        .map(|row| {
            ["email", "name", "confirmed_at"]
                .map(|name| row[name].as_str().unwrap().to_owned())
                .into()
        })
        .collect();
    for (email, name, at) in [
        ("chimp@b.example", "Ann Lee", "2020-02-03T12:05:00.000000Z"),
        ("hub@b.example", "Hub Lee", "2024-03-01T10:00:00.000000Z"),
        ("monk@b.example", "Monk Lee", "2024-03-01T10:00:00.123456Z"),
    ] {
        assert!(people.contains(&(email.into(), name.into(), at.into())), "{email} of {people:?}");
    }
    // How they agreed is not made up.
    let (code, said, errors) = desk.imports(listmonk.as_bytes(), &[]);
    assert!(code == Some(1) && said.is_empty() && errors.contains("--method"), "{errors}");
}
