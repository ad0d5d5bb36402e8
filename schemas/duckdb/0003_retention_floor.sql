-- The time before which no row is taken into a table any more: its day was dropped, and a late batch
-- would bring it back. A table without a row here has no floor.
CREATE TABLE retention_floor (
    table_name VARCHAR      NOT NULL,
    before_ts  TIMESTAMP_NS NOT NULL
);
