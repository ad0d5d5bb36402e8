-- The store's own id: who delivers to it sees by that whether it is another one than before. The first row counts;
-- where several set up an empty server at once, each adds one.
CREATE TABLE tradekeep_store (
    id      UUID,
    made_at TIMESTAMP_NS
) TIMESTAMP(made_at) PARTITION BY YEAR WAL DEDUP UPSERT KEYS(made_at, id);
