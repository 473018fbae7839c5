-- A lost link leads, too, to what the forms of an address led to: the page that confirms one, or its download.
ALTER TABLE link_request DROP CONSTRAINT link_request_door_check;
ALTER TABLE link_request ADD CONSTRAINT link_request_door_check
    CHECK (door IN ('preferences', 'password', 'form'));
