-- Public trade prints. No key and no index: identity is checked by the writer, in the same
-- transaction, over the batch's range of time, which the zone maps of a table in time order make
-- cheap; unique indexes cost far more, and DuckDB's have had corruption reports.
--
-- Decimals are stored as they are: bit-packing 128-bit integers saves a third of the file and makes
-- every sum over them four to five times slower (docs/adr/0005).
CREATE TABLE ticks (
    venue       VARCHAR        NOT NULL,
    symbol      VARCHAR        NOT NULL,
    ts          TIMESTAMP_NS   NOT NULL,
    key         BIGINT         NOT NULL,
    sequence    BIGINT         NOT NULL,
    trade_id    VARCHAR,
    received_ts TIMESTAMP_NS,
    price       DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    quantity    DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    notional    DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    side        VARCHAR
);

-- How far each stream has been applied; moves in the rows' own transaction.
CREATE TABLE ingest_watermark (
    stream     VARCHAR NOT NULL,
    epoch      UBIGINT NOT NULL,
    table_name VARCHAR NOT NULL,
    last_seq   UBIGINT NOT NULL
);
