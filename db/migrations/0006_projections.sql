-- Projections: counts that are made from the events alone, in their order (docs/projections.md). They have a schema of
-- their own, so that a rebuild can make them anew beside the ones in use and put them in their place at once. In each
-- table the key says what is counted and all other columns are sums: what a rebuild copies and compares it takes from
-- here, by name. A later migration that changes a table must drop the schema projection_shadow.

CREATE SCHEMA projection;

-- How far the events have been counted; one row.
CREATE TABLE projection.checkpoint (
  only_one     boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  position     bigint NOT NULL DEFAULT 0,    -- of event_chain: of the last event that is in the counts
  occurred_at  timestamptz,                  -- of that event; null before the first
  events       bigint NOT NULL DEFAULT 0,    -- read so far
  skipped      bigint NOT NULL DEFAULT 0,    -- of them: should count, but lack what it takes
  updated_at   timestamptz NOT NULL DEFAULT now()
);
INSERT INTO projection.checkpoint DEFAULT VALUES;

-- Terminals by where they are now.
CREATE TABLE projection.terminal_status (
  campaign_id  uuid NOT NULL,
  wave         integer NOT NULL,
  status       text NOT NULL,
  terminals    bigint NOT NULL,
  PRIMARY KEY (campaign_id, wave, status)
) WITH (fillfactor = 50);

CREATE TABLE projection.compensation (
  campaign_id   uuid NOT NULL,
  compensation  text NOT NULL,
  terminals     bigint NOT NULL,
  PRIMARY KEY (campaign_id, compensation)
) WITH (fillfactor = 50);

-- How terminals have ended, and why: failures by reason, and what they are a share of.
CREATE TABLE projection.outcome (
  campaign_id  uuid NOT NULL,
  status       text NOT NULL,                -- final ones only
  reason       text NOT NULL,                -- its code, up to the second colon; '' where there is none
  tms          text NOT NULL,
  model        text NOT NULL,
  site         text NOT NULL,
  terminals    bigint NOT NULL,
  PRIMARY KEY (campaign_id, status, reason, tms, model, site)
) WITH (fillfactor = 80);

-- Time from the request of the last attempt to the end, as a histogram.
CREATE TABLE projection.duration (
  campaign_id   uuid NOT NULL,
  status        text NOT NULL,
  model         text NOT NULL,
  tms           text NOT NULL,
  bound         smallint NOT NULL,           -- index into DURATION_BOUNDS (projections/durations.ts)
  terminals     bigint NOT NULL,
  milliseconds  bigint NOT NULL,             -- sum
  PRIMARY KEY (campaign_id, status, model, tms, bound)
) WITH (fillfactor = 50);

-- The same by the minute of the end, for the heat map.
CREATE TABLE projection.duration_minute (
  campaign_id  uuid NOT NULL,
  minute       timestamptz NOT NULL,
  bound        smallint NOT NULL,
  terminals    bigint NOT NULL,
  PRIMARY KEY (campaign_id, minute, bound)
) WITH (fillfactor = 50);

-- Final statuses by the minute in which terminals came to them, less those that have left them: up to any minute the
-- sum is what was final then.
CREATE TABLE projection.final_minute (
  campaign_id  uuid NOT NULL,
  minute       timestamptz NOT NULL,
  status       text NOT NULL,
  terminals    bigint NOT NULL,
  PRIMARY KEY (campaign_id, minute, status)
) WITH (fillfactor = 50);

-- Requests to make the projections anew, and what came of them.
CREATE TABLE projection_rebuild (
  rebuild_id       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  state            text NOT NULL DEFAULT 'REQUESTED' CHECK (state IN ('REQUESTED', 'RUNNING', 'DONE', 'FAILED')),
  requested_by     text NOT NULL,
  reason           text,
  correlation_id   text,
  traceparent      text,
  requested_at     timestamptz NOT NULL DEFAULT now(),
  started_at       timestamptz,
  ended_at         timestamptz,
  position         bigint NOT NULL DEFAULT 0, -- how far it is
  target_position  bigint,                    -- where the projections in use were when it was last looked at
  events           bigint NOT NULL DEFAULT 0,
  skipped          bigint NOT NULL DEFAULT 0,
  failures         integer NOT NULL DEFAULT 0, -- times that it was broken off
  differences      jsonb,                     -- null until compared: [{ projection, cells, examples }]; [] is identical
  error            text                       -- of the last failure
);
CREATE INDEX projection_rebuild_requested ON projection_rebuild (requested_at DESC);
-- At most one is under way.
CREATE UNIQUE INDEX projection_rebuild_open ON projection_rebuild ((true)) WHERE state IN ('REQUESTED', 'RUNNING');
