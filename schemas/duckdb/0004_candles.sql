-- Candles as venues and files tell them; those of ticks are computed. As in the other tables there is no key
-- and no index, and decimals are stored as they are (docs/adr/0005).
CREATE TABLE candles (
    ts       TIMESTAMP_NS   NOT NULL,
    venue    VARCHAR        NOT NULL,
    symbol   VARCHAR        NOT NULL,
    interval VARCHAR        NOT NULL,
    source   VARCHAR        NOT NULL,
    version  BIGINT         NOT NULL,
    open     DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    high     DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    low      DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    close    DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    volume   DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    notional DECIMAL(38,18) USING COMPRESSION uncompressed,
    count    BIGINT,
    vwap     DECIMAL(38,18) USING COMPRESSION uncompressed
);
