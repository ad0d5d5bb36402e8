-- Public trade prints.
--
-- The columns are those of the model, in its order, then where a row came from: its place in the stream of
-- a spool (`NAME/EPOCH`), by which a sink counts what has arrived. One column stands on each line, since
-- tradekeep reads these files to compare them with the tables of a server.
--
-- The keys are the identity, so that a row that is sent again replaces itself. Text that queries filter by
-- and that has many values is an indexed SYMBOL, of few values a SYMBOL without an index, which there would
-- only be in the way of reading in parallel. Text that is nearly always new, or ordered by its bytes, is a
-- VARCHAR.
--
-- A row of a required LONG that reads as NULL holds -2^63, which QuestDB does not tell from it.
CREATE TABLE ticks (
    venue         SYMBOL INDEX,
    symbol        SYMBOL INDEX,
    ts            TIMESTAMP_NS,
    key           LONG,
    sequence      LONG,
    trade_id      VARCHAR,
    received_ts   TIMESTAMP_NS,
    price         DECIMAL(38,18),
    quantity      DECIMAL(38,18),
    notional      DECIMAL(38,18),
    side          SYMBOL,
    ingest_stream SYMBOL,
    ingest_seq    LONG
) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, venue, symbol, key);
