-- What was drawn of a report's PDF: its first page as a cover and as a card for social networks, and how many pages were
-- counted. A row without pictures says that the file could not be drawn, so that nobody tries it again.
CREATE TABLE report_drawing (
    report_id uuid PRIMARY KEY REFERENCES report (report_id),
    file_key text NOT NULL,
    pages bigint CONSTRAINT report_drawing_pages CHECK (pages > 0),
    cover_key text,
    card_key text,
    CONSTRAINT report_drawing_both_pictures CHECK ((cover_key IS NULL) = (card_key IS NULL))
);
