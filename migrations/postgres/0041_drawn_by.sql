-- Who drew the form that somebody filled in: this program on its own pages, its script on somebody's page, or that page.
ALTER TABLE signup ADD COLUMN drawn_by text NOT NULL DEFAULT 'ours'
    CONSTRAINT signup_drawn_by_check CHECK (drawn_by IN ('ours', 'element', 'page'));
-- The page elsewhere on which it stood, as its sender says: origin and path. Evidence that many share names the origin alone.
ALTER TABLE signup ADD COLUMN page text;
