-- The audit trail: events are only ever appended to, and leave the database by whole months, once they are archived.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege',
          HINT = 'What has happened is corrected by a further event.';
END $$;

-- For rows: reaches every partition, also when it is addressed directly.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON event_chain FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- For whole tables: each partition needs its own, see below.
CREATE TRIGGER keep_all BEFORE TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON event_chain FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE FUNCTION ensure_event_partitions(months integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  first date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
  parent text;
  part text;
BEGIN
  FOR i IN 0..months LOOP
    FOREACH parent IN ARRAY ARRAY['event', 'event_chain'] LOOP
      part := parent || '_' || to_char(first + make_interval(months => i), 'YYYY_MM');
      EXECUTE format(
        'CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', part, parent,
        to_char(first + make_interval(months => i), 'YYYY-MM-DD 00:00:00+00'),
        to_char(first + make_interval(months => i + 1), 'YYYY-MM-DD 00:00:00+00'));
      IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = part::regclass AND tgname = 'keep_all') THEN
        EXECUTE format(
          'CREATE TRIGGER keep_all BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', part);
      END IF;
    END LOOP;
  END LOOP;
END $$;
SELECT ensure_event_partitions(3);

-- Months that have left the database.
CREATE TABLE event_archive (
  month           date PRIMARY KEY,           -- its first day, UTC
  file            text NOT NULL,              -- name within AUDIT_ARCHIVE_DIR
  sha256          text NOT NULL,              -- of the file, in hexadecimal
  events          bigint NOT NULL,
  first_position  bigint,                     -- null for a month without events
  last_position   bigint,
  last_hash       bytea,                      -- of the event at last_position
  -- [{ position, hash }] of its events that the next position does not follow in the same month: at the border of two
  -- months their events alternate.
  ends            jsonb NOT NULL,
  archived_at     timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON event_archive FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON event_archive FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Transaction ids begin anew in a database that was restored from a dump into another cluster. The order of events
-- goes on behind those that were restored: what is new counts from this.
ALTER TABLE event_chain_head ADD COLUMN tx_base bigint NOT NULL DEFAULT 0;

-- To be called once after such a restore (docs/audit.md). Events that were written since are moved behind the others,
-- else the sealer would never see them; their content, and so their hash, stays.
CREATE FUNCTION rebase_event_order() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  head event_chain_head;
  base bigint;
BEGIN
  LOCK TABLE event IN ACCESS EXCLUSIVE MODE;
  SELECT * INTO STRICT head FROM event_chain_head FOR UPDATE;
  SELECT greatest(head.tx, max(tx)) + 1 INTO base FROM event;
  EXECUTE format('ALTER TABLE event ALTER COLUMN tx SET DEFAULT (%s + pg_current_xact_id()::text::bigint)', base);
  ALTER TABLE event DISABLE TRIGGER append_only;
  UPDATE event e SET tx = base + tx WHERE tx <= head.tx AND seq > head.seq
    AND NOT EXISTS (SELECT FROM event_chain c WHERE c.seq = e.seq AND c.occurred_at = e.occurred_at);
  ALTER TABLE event ENABLE TRIGGER append_only;
  UPDATE event_chain_head SET tx_base = base;
  RETURN base;
END $$;
