-- The time before which no row is taken into a table any more: its day was dropped, and a late batch would
-- bring it back.
--
-- Rows are never changed here: each change is a new one, and the latest of a table counts. Without one, or
-- where before_ts is absent, the table has no floor.
CREATE TABLE retention_floor (
    table_name SYMBOL,
    before_ts  TIMESTAMP_NS,
    changed_at TIMESTAMP_NS
) TIMESTAMP(changed_at) PARTITION BY YEAR WAL DEDUP UPSERT KEYS(changed_at, table_name);
