-- Candles as venues and files tell them; those of ticks are computed.
CREATE TABLE candles (
    ts            TIMESTAMP_NS,
    venue         SYMBOL INDEX,
    symbol        SYMBOL INDEX,
    interval      SYMBOL,
    source        SYMBOL,
    version       LONG,
    open          DECIMAL(38,18),
    high          DECIMAL(38,18),
    low           DECIMAL(38,18),
    close         DECIMAL(38,18),
    volume        DECIMAL(38,18),
    notional      DECIMAL(38,18),
    count         LONG,
    vwap          DECIMAL(38,18),
    ingest_stream SYMBOL,
    ingest_seq    LONG
) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, venue, symbol, interval, source, version);
