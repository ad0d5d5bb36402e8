-- Whether a tick is several trades that its venue tells as one. What was stored before is taken for single trades:
-- nothing in it tells.
ALTER TABLE ticks ADD COLUMN aggregated BOOLEAN;
