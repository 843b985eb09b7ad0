-- Rollouts: rules and policies with names, waves, retries and compensations.

-- Where a site is; one that is not listed is in the time zone of DEFAULT_TIME_ZONE.
CREATE TABLE site (
  site        text PRIMARY KEY,
  time_zone   text NOT NULL,                  -- IANA name
  updated_at  timestamptz NOT NULL DEFAULT now()
);

-- Targeting rules with a name, to be used in other rules: group "pilots".
CREATE TABLE target_group (
  name         text PRIMARY KEY,
  rule         text NOT NULL,
  description  text,
  created_by   text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_by   text NOT NULL,
  updated_at   timestamptz NOT NULL DEFAULT now()
);

-- Policies with a name. A version is never changed: a campaign says which one it was started with.
CREATE TABLE policy_template (
  name         text NOT NULL,
  version      integer NOT NULL,
  policy       jsonb NOT NULL,                -- as given: what is absent has its default
  description  text,
  created_by   text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name, version)
);

-- Set when a TMS refuses a terminal as unknown, cleared when it takes a request for it or the fleet file says more.
ALTER TABLE tpe ADD COLUMN unknown_to_tms_since timestamptz;
CREATE INDEX tpe_version ON tpe (version_courante);

ALTER TABLE campaign
  ADD COLUMN policy_template jsonb,           -- { name, version }, where one was used
  ADD COLUMN retry_of        uuid,            -- the campaign whose terminals this one tries again
  ADD COLUMN waiting_for     jsonb,           -- { what, until } in words; null when it waits for nothing
  ADD COLUMN approved_by     text,
  ADD COLUMN approved_at     timestamptz,
  ADD COLUMN opened_at       timestamptz,     -- its workflow has looked at it: it needs no other start
  ADD COLUMN rolling_back    boolean NOT NULL DEFAULT false;
CREATE INDEX campaign_retry_of ON campaign (retry_of) WHERE retry_of IS NOT NULL;

-- The waves of a campaign as people read them; written by its workflow.
CREATE TABLE campaign_wave (
  campaign_id  uuid NOT NULL,
  wave         integer NOT NULL,              -- from 1
  name         text NOT NULL,
  total        integer NOT NULL,              -- terminals, skipped ones included
  state        text NOT NULL DEFAULT 'WAITING' CHECK (state IN ('WAITING', 'RUNNING', 'SOAKING', 'AWAITING_APPROVAL',
                                                                'PASSED', 'FAILED', 'CANCELLED')),
  started_at   timestamptz,
  passed_at    timestamptz,
  detail       text,                          -- why it failed, until when it soaks
  PRIMARY KEY (campaign_id, wave)
);

ALTER TABLE campaign_tpe
  ADD COLUMN wave                integer NOT NULL DEFAULT 1,
  -- The roll-back of a terminal: null where none was asked for.
  ADD COLUMN compensation        text CHECK (compensation IN ('PENDING', 'REQUESTED', 'ROLLED_BACK', 'FAILED', 'LEFT')),
  ADD COLUMN compensation_reason text;

-- A terminal that is being rolled back is as busy as one that is being updated.
DROP INDEX campaign_tpe_active;
CREATE UNIQUE INDEX campaign_tpe_active ON campaign_tpe (tpe_id)
  WHERE status IN ('PENDING', 'REQUESTED', 'INSTALLING') OR compensation IN ('PENDING', 'REQUESTED');
-- Counts by wave and status without touching the table.
DROP INDEX campaign_tpe_status;
CREATE INDEX campaign_tpe_status ON campaign_tpe (campaign_id, status, tpe_id) INCLUDE (wave, compensation);
CREATE INDEX campaign_tpe_compensation ON campaign_tpe (campaign_id, tms, ordinal) WHERE compensation IS NOT NULL;
