-- The truth that people and other systems read. State, event and outbox row are always written in one
-- transaction (db/transitions.ts).

CREATE TABLE tpe (
  tpe_id            uuid PRIMARY KEY,
  id_tms            text NOT NULL,
  tms               text NOT NULL,
  site              text NOT NULL,
  model             text NOT NULL,
  tags              text[] NOT NULL DEFAULT '{}',
  version_courante  text,
  statut            text NOT NULL DEFAULT 'ACTIVE' CHECK (statut IN ('ACTIVE', 'INACTIVE')),
  last_seen         timestamptz,
  metadata          jsonb NOT NULL DEFAULT '{}',
  UNIQUE (tms, id_tms)
);
CREATE INDEX tpe_model ON tpe (model);
CREATE INDEX tpe_site ON tpe (site);

CREATE TABLE campaign (
  campaign_id     uuid PRIMARY KEY,
  name            text NOT NULL,
  version_cible   text NOT NULL,
  status          text NOT NULL CHECK (status IN ('PENDING_APPROVAL', 'SCHEDULED', 'RUNNING', 'PAUSED',
                                                  'CANCELLING', 'COMPLETED', 'CANCELLED', 'ABORTED')),
  targets         jsonb NOT NULL,             -- as asked for: { tpeIds } | { all } | { filter }
  policy          jsonb NOT NULL,             -- CampaignPolicy, every default filled in
  total           integer NOT NULL,           -- number of campaign_tpe rows, skipped ones included
  created_by      text NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  started_at      timestamptz,
  dispatched_at   timestamptz,                -- the last update call of the first pass
  ended_at        timestamptz,
  correlation_id  text NOT NULL,
  traceparent     text,                       -- W3C trace context of the request that created it
  idempotency_key text UNIQUE,                -- of the HTTP request
  request_hash    text,                       -- SHA-256 of its body: the same key with another body is refused
  last_command    jsonb                       -- { command, by, reason, at }
);
CREATE INDEX campaign_created ON campaign (created_at DESC, campaign_id);
CREATE INDEX campaign_open ON campaign (created_at) WHERE status NOT IN ('COMPLETED', 'CANCELLED', 'ABORTED');

CREATE TABLE campaign_tpe (
  -- No foreign key: the statement that makes a campaign makes these rows, and the check of each of 30,000 rows
  -- against the same campaign was a fifth of its time.
  campaign_id   uuid NOT NULL,
  tpe_id        uuid NOT NULL REFERENCES tpe,
  ordinal       integer NOT NULL,             -- 0, 1, 2 … in order of dispatch, counted per TMS
  tms           text NOT NULL,                -- copied from tpe at creation: a batch is of one TMS
  status        text NOT NULL CHECK (status IN ('PENDING', 'REQUESTED', 'INSTALLING', 'SUCCESS', 'FAILED',
                                                'TIMEOUT', 'CANCELLED', 'SKIPPED')),
  reason        text,
  attempt       integer NOT NULL DEFAULT 1,
  shard         integer,                      -- the shard that tracks it; null until dispatched
  operation_id  text,                         -- the TMS's id of the update
  tms_state     text,                         -- what the TMS said last (OperationState)
  from_version  text,                         -- what it ran when the campaign was created
  version       text,                         -- what the Hardware-API reported last
  sequence      integer NOT NULL DEFAULT 0,   -- number of status changes: orders the messages of one key
  requested_at  timestamptz,
  last_update   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (campaign_id, tpe_id)
);
-- A terminal is in at most one campaign at a time: enforced here, where two requests at once can't pass it.
CREATE UNIQUE INDEX campaign_tpe_active ON campaign_tpe (tpe_id)
  WHERE status IN ('PENDING', 'REQUESTED', 'INSTALLING');
CREATE INDEX campaign_tpe_status ON campaign_tpe (campaign_id, status, tpe_id);
CREATE INDEX campaign_tpe_dispatch ON campaign_tpe (campaign_id, tms, ordinal);
CREATE INDEX campaign_tpe_shard ON campaign_tpe (campaign_id, shard) WHERE shard IS NOT NULL;
CREATE INDEX campaign_tpe_tpe ON campaign_tpe (tpe_id);

-- The order of the statuses: a terminal only ever moves up, and never leaves a final one.
CREATE FUNCTION tpe_status_rank(status text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE status WHEN 'PENDING' THEN 0 WHEN 'REQUESTED' THEN 1 WHEN 'INSTALLING' THEN 2 ELSE 3 END
$$;

-- Every change of every campaign and terminal: who, when, why. Only ever appended to.
CREATE TABLE event (
  seq             bigint GENERATED ALWAYS AS IDENTITY,
  event_id        uuid NOT NULL DEFAULT gen_random_uuid(),
  occurred_at     timestamptz NOT NULL DEFAULT now(),
  type            text NOT NULL,              -- campaign.created, tpe.requested, …
  campaign_id     uuid,
  tpe_id          uuid,
  actor           text NOT NULL,
  reason          text,
  data            jsonb NOT NULL DEFAULT '{}',
  correlation_id  text,
  traceparent     text,
  PRIMARY KEY (seq, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX event_campaign ON event (campaign_id, seq);
CREATE INDEX event_tpe ON event (tpe_id, seq);

-- Makes the monthly partitions from this month to `months` ahead; harmless when they exist.
CREATE FUNCTION ensure_event_partitions(months integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  first date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
BEGIN
  FOR i IN 0..months LOOP
    EXECUTE format(
      'CREATE TABLE IF NOT EXISTS %I PARTITION OF event FOR VALUES FROM (%L) TO (%L)',
      'event_' || to_char(first + make_interval(months => i), 'YYYY_MM'),
      to_char(first + make_interval(months => i), 'YYYY-MM-DD 00:00:00+00'),
      to_char(first + make_interval(months => i + 1), 'YYYY-MM-DD 00:00:00+00'));
  END LOOP;
END $$;
SELECT ensure_event_partitions(3);

-- Messages for Kafka, deleted once the broker has acknowledged them. `lane` spreads the keys over relays: a
-- key always has the same lane, a lane is drained by one relay at a time, so the order per key is kept.
CREATE TABLE outbox (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lane            smallint NOT NULL GENERATED ALWAYS AS (abs(hashtext(key) % 8)) STORED,
  event_id        uuid NOT NULL DEFAULT gen_random_uuid(),
  topic           text NOT NULL,
  key             text NOT NULL,
  type            text NOT NULL,              -- CloudEvents type
  data            jsonb,                      -- the message's value; null is a tombstone
  correlation_id  text,
  traceparent     text,
  occurred_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_lane ON outbox (lane, id);

CREATE FUNCTION notify_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('outbox', '');
  RETURN NULL;
END $$;
CREATE TRIGGER outbox_inserted AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION notify_outbox();
