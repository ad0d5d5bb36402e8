-- Our own records and measurements. Their columns are those of the model, in its order; like ticks they
-- have no key and no index, and decimals are stored as they are (docs/adr/0005).
--
-- So are UUIDs and the ids that trades and orders are looked up by: packed, a look-up has to unpack the
-- whole column and takes twice to three times as long. A UUID as text is larger, and slower still.

CREATE TABLE trades (
    ts                TIMESTAMP_NS   NOT NULL,
    id                UUID           NOT NULL USING COMPRESSION uncompressed,
    version           BIGINT         NOT NULL,
    trader_id         VARCHAR        NOT NULL,
    mode              VARCHAR        NOT NULL,
    action            VARCHAR        NOT NULL,
    base_token        VARCHAR        NOT NULL,
    quote_token       VARCHAR        NOT NULL,
    base_amount       DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    quote_amount      DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    executed_price    DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    transaction_fee   BIGINT,
    priority_fee      BIGINT,
    transfer_fees     DECIMAL(38,18) USING COMPRESSION uncompressed,
    expected_slippage DECIMAL(38,18) USING COMPRESSION uncompressed,
    actual_slippage   DECIMAL(38,18) USING COMPRESSION uncompressed,
    mev_status        VARCHAR,
    mev_protected     BOOLEAN,
    tx_signature      VARCHAR,
    status            VARCHAR        NOT NULL,
    request_id        VARCHAR        USING COMPRESSION uncompressed,
    source_service    VARCHAR,
    latency_ns        BIGINT,
    metadata          VARCHAR
);

CREATE TABLE orders (
    ts              TIMESTAMP_NS   NOT NULL,
    order_id        UUID           NOT NULL USING COMPRESSION uncompressed,
    version         BIGINT         NOT NULL,
    trader_id       VARCHAR,
    venue           VARCHAR        NOT NULL,
    market          VARCHAR        NOT NULL,
    side            VARCHAR        NOT NULL,
    order_type      VARCHAR        NOT NULL,
    price           DECIMAL(38,18) USING COMPRESSION uncompressed,
    quantity        DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    status          VARCHAR        NOT NULL,
    client_order_id VARCHAR        NOT NULL USING COMPRESSION uncompressed,
    venue_order_id  VARCHAR,
    time_in_force   VARCHAR
);

CREATE TABLE fills (
    ts            TIMESTAMP_NS   NOT NULL,
    fill_id       UUID           NOT NULL USING COMPRESSION uncompressed,
    order_id      UUID           NOT NULL USING COMPRESSION uncompressed,
    trader_id     VARCHAR,
    venue         VARCHAR        NOT NULL,
    market        VARCHAR        NOT NULL,
    side          VARCHAR        NOT NULL,
    price         DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    quantity      DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    notional      DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    fee           DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    fee_currency  VARCHAR        NOT NULL,
    venue_fill_id VARCHAR
);

CREATE TABLE positions (
    ts             TIMESTAMP_NS   NOT NULL,
    trader_id      VARCHAR        NOT NULL,
    venue          VARCHAR        NOT NULL,
    market         VARCHAR        NOT NULL,
    version        BIGINT         NOT NULL,
    amount         DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    cost_basis     DECIMAL(38,18) NOT NULL USING COMPRESSION uncompressed,
    current_price  DECIMAL(38,18) USING COMPRESSION uncompressed,
    unrealized_pnl DECIMAL(38,18) USING COMPRESSION uncompressed
);

CREATE TABLE metrics (
    ts     TIMESTAMP_NS   NOT NULL,
    stream VARCHAR        NOT NULL,
    seq    BIGINT         NOT NULL,
    name   VARCHAR        NOT NULL,
    value  DOUBLE         NOT NULL,
    labels VARCHAR
);

CREATE TABLE latencies (
    ts         TIMESTAMP_NS   NOT NULL,
    stream     VARCHAR        NOT NULL,
    seq        BIGINT         NOT NULL,
    service    VARCHAR        NOT NULL,
    operation  VARCHAR        NOT NULL,
    latency_ns BIGINT         NOT NULL,
    success    BOOLEAN        NOT NULL,
    error_type VARCHAR
);

CREATE TABLE mev_events (
    ts                    TIMESTAMP_NS   NOT NULL,
    stream                VARCHAR        NOT NULL,
    seq                   BIGINT         NOT NULL,
    trade_id              UUID           USING COMPRESSION uncompressed,
    trader_id             VARCHAR,
    token_pair            VARCHAR,
    trade_size            DECIMAL(38,18) USING COMPRESSION uncompressed,
    sandwich_probability  DOUBLE         NOT NULL,
    estimated_loss_bps    BIGINT         NOT NULL,
    actual_loss_bps       BIGINT,
    protection_used       BOOLEAN,
    priority_fee_lamports BIGINT,
    avoided               BOOLEAN        NOT NULL
);

CREATE TABLE system_events (
    ts         TIMESTAMP_NS   NOT NULL,
    stream     VARCHAR        NOT NULL,
    seq        BIGINT         NOT NULL,
    severity   VARCHAR        NOT NULL,
    event_type VARCHAR,
    source     VARCHAR,
    message    VARCHAR        NOT NULL,
    data       VARCHAR
);

CREATE TABLE node_health (
    ts                     TIMESTAMP_NS   NOT NULL,
    node                   VARCHAR        NOT NULL,
    latency_ms             BIGINT         NOT NULL,
    error_rate             DECIMAL(38,18) USING COMPRESSION uncompressed,
    circuit_breaker_status VARCHAR,
    last_failure           TIMESTAMP_NS
);
