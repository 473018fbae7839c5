//! The sample report of the demonstration: what it says, page by page.

use pdf_writer::types::StructRole;

use super::pdf_chart::{bars, councils, hundred, shares};
use super::pdf_file::{About, bind};
use super::pdf_page::{
    A4, Face, GREY, INK, LEFT, MEASURE, MIST, PAPER, PLUM, Sheet, Type, WHITE, width,
};

/// How many pages [`sample_report`] has.
pub const PAGES: u32 = 8;

const TITLE: &str = "Local digital transformation: where councils stand";
const PUBLISHER: &str = "Civic Digital Press";

const COVER: &str = "Cover";
const CONTENTS: &str = "Contents";
const SHORT: &str = "The short version";
const LEADERS: &str = "Leaders are behind it";
const OTHERS: &str = "Beyond the top table";
const MEANS: &str = "Skills and money";
const QUESTIONS: &str = "Questions for your next meeting";
const FIGURES: &str = "About the figures";

/// A bookmark, and what draws its page.
type Chapter = (&'static str, fn(&mut Sheet));

/// Makes the demonstration's sample report: eight A4 pages, tagged, in British English, and the same
/// bytes each time.
#[must_use]
pub fn sample_report() -> Vec<u8> {
    let chapters: [Chapter; 8] = [
        (COVER, cover),
        (CONTENTS, contents),
        (SHORT, short_version),
        (LEADERS, leaders),
        (OTHERS, others),
        (MEANS, means),
        (QUESTIONS, questions),
        (FIGURES, figures),
    ];
    let sheets = (1..).zip(chapters).map(|(number, (name, draw))| {
        let mut sheet = Sheet::new();
        draw(&mut sheet);
        if number > 1 {
            sheet.foot(TITLE, number);
        }
        (name, sheet)
    });
    let about =
        About { title: TITLE, author: PUBLISHER, subject: "Findings from a survey of 75 councils" };
    bind(&about, sheets.collect())
}

fn cover(s: &mut Sheet) {
    s.artifact(|s| {
        s.fill(PAPER, (0.0, 0.0), A4);
        s.fill(PLUM, (0.0, 0.0), (A4.0, 508.0));
    });
    s.tagged(StructRole::P, None, |s| {
        s.line(Type(Face::Sans, 14.0, WHITE), (LEFT, 96.0), PUBLISHER);
    });
    s.tagged(StructRole::H1, None, |s| {
        let title = Type(Face::Serif, 50.0, WHITE);
        s.line(title, (LEFT, 270.0), "Local digital ");
        s.line(title, (LEFT, 328.0), "transformation: ");
        s.line(Type(Face::Serif, 32.0, MIST), (LEFT, 386.0), "where councils stand");
    });
    s.tagged(StructRole::P, None, |s| {
        let kind = Type(Face::Sans, 13.0, WHITE);
        s.line(kind, (LEFT, 460.0), "Findings from a survey of 75 councils");
    });
    councils(s, 75);
    s.tagged(StructRole::P, None, |s| {
        s.line(Type(Face::Sans, 11.0, GREY), (LEFT, 772.0), "November 2026");
    });
}

fn contents(s: &mut Sheet) {
    s.heading(CONTENTS);
    let chapters = [SHORT, LEADERS, OTHERS, MEANS, QUESTIONS, FIGURES];
    for (number, chapter) in (3..).zip(chapters) {
        let (y, number) = (s.y + 6.0, format!("{number}"));
        let kind = Type(Face::Sans, 13.0, INK);
        s.tagged(StructRole::P, None, |s| {
            s.line(kind, (LEFT, y), &format!("{chapter} "));
            s.line(kind, (LEFT + MEASURE - width(&number, 13.0), y), &number);
        });
        s.artifact(|s| s.fill(MIST, (LEFT, y + 14.0), (MEASURE, 0.75)));
        s.y += 38.0;
    }
    s.y += 34.0;
    s.subheading("Who this is for");
    s.body("People who run, fund or answer for a council\u{2019}s services, and who need to know whether \
        their own organisation is ahead, behind or much like the rest. It takes ten quiet minutes.");
    s.body("Each chapter says one thing, shows the number it rests on, and stops.");
}

fn short_version(s: &mut Sheet) {
    s.heading(SHORT);
    s.lead("Seventy-five councils told us how their digital work is going. The people at the top believe \
        in it. Few of them have all the skills to see it through, and fewer still the certainty of money.");
    s.y += 18.0;
    let facts = [
        ("37%", "of senior executives and heads of service are very engaged"),
        ("11%", "of frontline staff are very engaged"),
        ("7%", "have all the skills that they need"),
        ("2%", "are fully confident of the funding"),
    ];
    let top = s.y;
    let corners = [(0.0, 0.0), (233.0, 0.0), (0.0, 138.0), (233.0, 138.0)];
    for ((number, words), (x, y)) in facts.into_iter().zip(corners) {
        let (x, y) = (LEFT + x, top + y);
        s.artifact(|s| s.fill(PAPER, (x, y), (218.0, 122.0)));
        s.tagged(StructRole::P, None, |s| {
            s.line(Type(Face::Serif, 46.0, PLUM), (x + 16.0, y + 52.0), number);
            s.block(Type(Face::Sans, 11.0, INK), (x + 16.0, y + 80.0), 186.0, words);
        });
    }
    s.y = top + 306.0;
    s.body("Read together, the four numbers describe a programme that is wanted more than it is shared, and \
        shared more than it is paid for. None of that is a reason to stop. It is a reason to spend \
        the next year on people and on certainty, not on another strategy.");
}

fn leaders(s: &mut Sheet) {
    s.heading(LEADERS);
    s.lead(
        "Nearly four in five senior executives and heads of service say that they are engaged with \
        digital transformation.",
    );
    s.y += 4.0;
    s.subheading("How engaged are senior executives and heads of service?");
    shares(
        s,
        "One bar of a hundred. Senior executives and heads of service: 37% very engaged, 42% quite \
            engaged, 21% gave another answer.",
        &[("Very engaged", 37), ("Quite engaged", 42), ("Any other answer", 21)],
    );
    s.body("That is a strong start. Programmes tend to fail quietly when nobody senior will \
        defend them in a hard budget round, and on these numbers there is usually somebody who will.");
    s.body("It is worth looking at the second number as well as the first. More leaders are quite \
        engaged than very engaged: 42% against 37%. Approval is easy to give. Time, attention and a \
        place on the agenda every month are harder.");
    s.subheading("What it asks of you");
    s.body("If you lead a service, name the one change that you will follow in person this year, and say so \
        to the people who are making it.");
}

fn others(s: &mut Sheet) {
    s.heading(OTHERS);
    s.lead(
        "In the rest of the council, deep engagement is rare. Among councillors it is 13%, and among \
        frontline staff 11%.",
    );
    s.y += 4.0;
    s.subheading("Who is very engaged?");
    s.y += 4.0;
    bars(
        s,
        "Three bars, share that is very engaged: senior executives and heads of service 37%, \
            councillors 13%, frontline staff 11%.",
        &[
            ("Senior executives and heads of service", 37),
            ("Councillors", 13),
            ("Frontline staff", 11),
        ],
    );
    s.body(
        "The other end of the scale says the same thing more loudly. Over 40% of councillors, and \
        over 40% of frontline staff, are not very engaged or not engaged at all.",
    );
    s.body("These are the people who vote the money and the people who meet the public. A new system that \
        neither group asked for starts its life with two sets of doubters.");
    s.subheading("What it asks of you");
    s.body("Show working services early, to ward councillors and to the teams at the counter, and change \
        something because of what they said.");
}

fn means(s: &mut Sheet) {
    s.heading(MEANS);
    s.lead("Wanting change is common. Having what it takes is not.");
    s.y += 10.0;
    hundred(
        s,
        "A square of a hundred dots, seven of them filled: 7% have all the skills that they need.",
        7,
        "have all the skills that they need. Everyone else has a gap to close by hiring, training or borrowing.",
    );
    hundred(
        s,
        "A square of a hundred dots, two of them filled: 2% are fully confident of the funding.",
        2,
        "are fully confident of the funding. For the other 98%, some part of the plan rests on hope.",
    );
    s.y += 4.0;
    s.body("The two gaps feed each other. Without settled money, posts tend to be fixed-term, and people with \
        scarce skills take permanent work elsewhere. Without those people, the savings that would \
        have made the case for more money arrive late.");
    s.body("Councils can share what they can\u{2019}t each afford: a data team between neighbours, a service \
        pattern that somebody else has tested, a contract that allows others to join.");
}

fn questions(s: &mut Sheet) {
    s.heading(QUESTIONS);
    s.lead("Six questions that need no consultant. Ask them in order and write the answers down.");
    s.y += 8.0;
    let asked = [
        "Which of our services would residents say has become easier in the last year?",
        "Who in the senior team gives this an hour every week, and what do they stop doing for it?",
        "When did a councillor last watch a member of the public use one of our online services?",
        "What did frontline staff ask us to change, and which of those things have we changed?",
        "Which skills do we rent, which do we own, and which have we simply not got?",
        "What would we still do if next year\u{2019}s funding were half of what we hope for?",
    ];
    for (number, question) in (1..).zip(asked) {
        let y = s.y;
        s.tagged(StructRole::P, None, |s| {
            s.line(Type(Face::Serif, 30.0, PLUM), (LEFT, y + 10.0), &format!("{number} "));
            let words = Type(Face::Sans, 13.0, INK);
            s.y = s.block(words, (LEFT + 42.0, y), MEASURE - 42.0, question).max(y + 39.0);
        });
        let y = s.y;
        s.artifact(|s| s.fill(MIST, (LEFT + 42.0, y - 6.0), (MEASURE - 42.0, 0.75)));
        s.y += 26.0;
    }
}

fn figures(s: &mut Sheet) {
    s.heading(FIGURES);
    s.body("The figures come from a survey in which 75 councils took part. Percentages are shown as whole \
        numbers, as they were reported.");
    s.body("Where the survey gives a bound and not a number, such as \u{201C}over 40%\u{201D}, we repeat the \
        bound and draw no bar for it. The share shown as \u{201C}any other answer\u{201D} is what is left of a \
        hundred when the two reported answers are taken away.");
    s.body(
        "Seventy-five councils are enough to see a pattern and too few to rank one region against \
        another, so we have not tried.",
    );
    s.y += 14.0;
    s.subheading("About the publisher");
    s.body(
        "Civic Digital Press is an invented publisher. This report is the sample that comes with \
        a demonstration, so that every page and message of it has something real to deliver. The \
        commentary is ours and was written for that purpose.",
    );
    s.y += 14.0;
    s.subheading("Using this report");
    s.body("You may pass it to colleagues. Nobody needs to hand over more than a work email address to \
        get a copy of their own, and nobody has to take a newsletter with it.");
}

#[cfg(test)]
mod tests {
    use super::{PAGES, TITLE, sample_report};

    fn count(haystack: &[u8], needle: &[u8]) -> usize {
        haystack.windows(needle.len()).filter(|window| *window == needle).count()
    }

    #[test]
    fn is_a_pdf_with_the_pages_it_says() {
        let pdf = sample_report();
        assert!(pdf.starts_with(b"%PDF-"));
        assert!(pdf.ends_with(b"%%EOF"));
        assert_eq!(count(&pdf, b"/Type /Page\n"), PAGES as usize);
        assert_eq!(count(&pdf, format!("/Count {PAGES}\n").as_bytes()), 2);
        assert_eq!(count(&pdf, b"/Lang (en-GB)"), 1);
        assert_eq!(count(&pdf, format!("/Title ({TITLE})").as_bytes()), 1);
    }

    #[test]
    fn gives_the_same_bytes_each_time() {
        assert_eq!(sample_report(), sample_report());
    }
}
