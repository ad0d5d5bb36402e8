-- Which runs of spools wrote here, a row each: of a stream the one with the highest first number counts, and of those
-- with the same the first. Copies of one spool are told apart by it.
CREATE TABLE tradekeep_runs (
    stream    SYMBOL,
    first_seq LONG,
    id        UUID,
    began_at  TIMESTAMP_NS
) TIMESTAMP(began_at) PARTITION BY YEAR WAL DEDUP UPSERT KEYS(began_at, stream, id);
