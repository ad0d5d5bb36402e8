-- The store's own id: who delivers to it sees by that whether it is another one than before. A copy of the
-- file has the same.
CREATE TABLE tradekeep_store (id UUID NOT NULL);
INSERT INTO tradekeep_store VALUES (uuid());
