-- The boundary to other systems: orders in, messages out, dead letters, and the order of all events.

-- Events in the order in which their transactions could be seen: the sequence alone is drawn before the commit, so
-- that a smaller one may appear after a larger one. (tx, seq), read up to the oldest transaction that is still
-- open, has no such gaps.
ALTER TABLE event ADD COLUMN tx bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint);
CREATE INDEX event_tx ON event (tx, seq);
CREATE INDEX event_actor ON event (actor, seq);
CREATE INDEX event_correlation ON event (correlation_id, seq) WHERE correlation_id IS NOT NULL;

-- The chain over all events, a row for each, in the order above: a changed, missing or added event does not fit its
-- hash. Written a moment after the event, by one process at a time (audit/sealer.ts).
CREATE TABLE event_chain (
  position     bigint NOT NULL,              -- 1, 2, 3 … without gaps
  seq          bigint NOT NULL,
  occurred_at  timestamptz NOT NULL,         -- of the event: both tables have the same partitions
  hash         bytea NOT NULL,               -- SHA-256 of the hash before it and the event (audit/chain.ts)
  PRIMARY KEY (position, occurred_at),
  UNIQUE (seq, occurred_at)
) PARTITION BY RANGE (occurred_at);

-- How far the chain goes; one row.
CREATE TABLE event_chain_head (
  only_one     boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  position     bigint NOT NULL DEFAULT 0,
  hash         bytea NOT NULL DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000',
  tx           bigint NOT NULL DEFAULT 0,    -- of the event that it ends with
  seq          bigint NOT NULL DEFAULT 0,
  sealed_at    timestamptz NOT NULL DEFAULT now()
);
INSERT INTO event_chain_head DEFAULT VALUES;

CREATE OR REPLACE FUNCTION ensure_event_partitions(months integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  first date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
  parent text;
BEGIN
  FOR i IN 0..months LOOP
    FOREACH parent IN ARRAY ARRAY['event', 'event_chain'] LOOP
      EXECUTE format(
        'CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
        parent || '_' || to_char(first + make_interval(months => i), 'YYYY_MM'), parent,
        to_char(first + make_interval(months => i), 'YYYY-MM-DD 00:00:00+00'),
        to_char(first + make_interval(months => i + 1), 'YYYY-MM-DD 00:00:00+00'));
    END LOOP;
  END LOOP;
END $$;
SELECT ensure_event_partitions(3);

-- Further headers of a message, over those that the envelope has. A raw row is published as it is: these headers
-- only, the key and the value in bytes (null is no key, a tombstone).
ALTER TABLE outbox
  ADD COLUMN headers    jsonb,
  ADD COLUMN raw        boolean NOT NULL DEFAULT false,
  ADD COLUMN raw_key    bytea,
  ADD COLUMN raw_value  bytea;
-- Rows come and go by the thousand: what is dead must be taken away long before a fifth of the table is.
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 20000,
                        autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0);

-- The batch that a lane's relay last set out to publish: after a crash its successor asks Kafka whether it did.
CREATE TABLE outbox_batch (
  lane   smallint PRIMARY KEY,
  batch  bigint NOT NULL,                    -- 1, 2, 3 … per lane
  ids    bigint[] NOT NULL                   -- of the outbox; empty once they are deleted
);

-- What consumers have taken in, by the CloudEvents source and id: the same event again changes nothing.
CREATE TABLE inbox (
  source       text NOT NULL,
  event_id     text NOT NULL,
  received_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source, event_id)
);
CREATE INDEX inbox_received ON inbox (received_at);

-- The dead letters of tpe.events.dlq, and what was decided about each.
CREATE TABLE dead_letter (
  dead_letter_id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  dlq_id           text NOT NULL UNIQUE,     -- header dlq_id: a letter that comes twice is one
  topic            text NOT NULL,            -- where it was, or was meant to go; without the prefix
  partition        integer,                  -- null: it never was on its topic
  "offset"         bigint,
  key              bytea,
  value            bytea,
  headers          jsonb NOT NULL,           -- of the message itself: { name: text }
  stage            text NOT NULL,            -- who gave up on it: relay, orders, …
  error            text NOT NULL,            -- a stable code
  reason           text NOT NULL,
  tries            integer NOT NULL,
  truncated_bytes  bigint,                   -- size of the value where only its beginning is here
  failed_at        timestamptz NOT NULL,
  received_at      timestamptz NOT NULL DEFAULT now(),
  state            text NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'REPLAYED', 'DISCARDED')),
  decided_by       text,
  decided_at       timestamptz,
  decision_reason  text
);
CREATE INDEX dead_letter_failed ON dead_letter (failed_at DESC, dead_letter_id);
CREATE INDEX dead_letter_open ON dead_letter (failed_at DESC, dead_letter_id) WHERE state = 'OPEN';

-- A campaign made by orders of other systems takes further ones until none has come for so long, or it is closed.
ALTER TABLE campaign
  ADD COLUMN keep_open_seconds  integer,     -- null: it takes no orders
  ADD COLUMN ordered_at         timestamptz, -- when it was last ordered from
  ADD COLUMN orders_seen_at     timestamptz, -- when its workflow last looked, or was told to
  ADD COLUMN orders_closed_at   timestamptz;

-- Ids of the order that asked for this terminal; null: those of the campaign.
ALTER TABLE campaign_tpe
  ADD COLUMN order_correlation_id  text,
  ADD COLUMN order_traceparent     text;
