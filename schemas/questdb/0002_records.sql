-- Our own records and measurements; columns, keys and indexes as those of ticks.
--
-- QuestDB stores a missing BOOLEAN as false: what may be absent is a SYMBOL, `true` or `false`.

CREATE TABLE trades (
    ts                TIMESTAMP_NS,
    id                UUID,
    version           LONG,
    trader_id         SYMBOL INDEX,
    mode              SYMBOL,
    action            SYMBOL,
    base_token        SYMBOL INDEX,
    quote_token       SYMBOL INDEX,
    base_amount       DECIMAL(38,18),
    quote_amount      DECIMAL(38,18),
    executed_price    DECIMAL(38,18),
    transaction_fee   LONG,
    priority_fee      LONG,
    transfer_fees     DECIMAL(38,18),
    expected_slippage DECIMAL(38,18),
    actual_slippage   DECIMAL(38,18),
    mev_status        VARCHAR,
    mev_protected     SYMBOL,
    tx_signature      VARCHAR,
    status            SYMBOL,
    request_id        VARCHAR,
    source_service    SYMBOL,
    latency_ns        LONG,
    metadata          VARCHAR,
    ingest_stream     SYMBOL,
    ingest_seq        LONG
) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, id, version);

CREATE TABLE orders (
    ts              TIMESTAMP_NS,
    order_id        UUID,
    version         LONG,
    trader_id       SYMBOL INDEX,
    venue           SYMBOL INDEX,
    market          SYMBOL INDEX,
    side            SYMBOL,
    order_type      SYMBOL,
    price           DECIMAL(38,18),
    quantity        DECIMAL(38,18),
    status          SYMBOL,
    client_order_id VARCHAR,
    venue_order_id  VARCHAR,
    time_in_force   SYMBOL,
    ingest_stream   SYMBOL,
    ingest_seq      LONG
) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, order_id, version);

CREATE TABLE fills (
    ts            TIMESTAMP_NS,
    fill_id       UUID,
    order_id      UUID,
    trader_id     SYMBOL INDEX,
    venue         SYMBOL INDEX,
    market        SYMBOL INDEX,
    side          SYMBOL,
    price         DECIMAL(38,18),
    quantity      DECIMAL(38,18),
    notional      DECIMAL(38,18),
    fee           DECIMAL(38,18),
    fee_currency  SYMBOL,
    venue_fill_id VARCHAR,
    ingest_stream SYMBOL,
    ingest_seq    LONG
) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, fill_id);

CREATE TABLE positions (
    ts             TIMESTAMP_NS,
    trader_id      SYMBOL INDEX,
    venue          SYMBOL INDEX,
    market         SYMBOL INDEX,
    version        LONG,
    amount         DECIMAL(38,18),
    cost_basis     DECIMAL(38,18),
    current_price  DECIMAL(38,18),
    unrealized_pnl DECIMAL(38,18),
    ingest_stream  SYMBOL,
    ingest_seq     LONG
) TIMESTAMP(ts) PARTITION BY HOUR WAL DEDUP UPSERT KEYS(ts, trader_id, venue, market, version);

CREATE TABLE metrics (
    ts            TIMESTAMP_NS,
    stream        VARCHAR,
    seq           LONG,
    name          SYMBOL INDEX,
    value         DOUBLE,
    labels        VARCHAR,
    ingest_stream SYMBOL,
    ingest_seq    LONG
) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, stream, seq);

CREATE TABLE latencies (
    ts            TIMESTAMP_NS,
    stream        VARCHAR,
    seq           LONG,
    service       SYMBOL INDEX,
    operation     SYMBOL INDEX,
    latency_ns    LONG,
    success       BOOLEAN,
    error_type    SYMBOL,
    ingest_stream SYMBOL,
    ingest_seq    LONG
) TIMESTAMP(ts) PARTITION BY HOUR WAL DEDUP UPSERT KEYS(ts, stream, seq);

CREATE TABLE mev_events (
    ts                    TIMESTAMP_NS,
    stream                VARCHAR,
    seq                   LONG,
    trade_id              UUID,
    trader_id             SYMBOL INDEX,
    token_pair            SYMBOL INDEX,
    trade_size            DECIMAL(38,18),
    sandwich_probability  DOUBLE,
    estimated_loss_bps    LONG,
    actual_loss_bps       LONG,
    protection_used       SYMBOL,
    priority_fee_lamports LONG,
    avoided               BOOLEAN,
    ingest_stream         SYMBOL,
    ingest_seq            LONG
) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, stream, seq);

CREATE TABLE system_events (
    ts            TIMESTAMP_NS,
    stream        VARCHAR,
    seq           LONG,
    severity      SYMBOL,
    event_type    SYMBOL INDEX,
    source        SYMBOL INDEX,
    message       VARCHAR,
    data          VARCHAR,
    ingest_stream SYMBOL,
    ingest_seq    LONG
) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, stream, seq);

CREATE TABLE node_health (
    ts                     TIMESTAMP_NS,
    node                   SYMBOL INDEX,
    latency_ms             LONG,
    error_rate             DECIMAL(38,18),
    circuit_breaker_status SYMBOL,
    last_failure           TIMESTAMP_NS,
    ingest_stream          SYMBOL,
    ingest_seq             LONG
) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, node);
