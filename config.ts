/**
 * The configuration of every process: one typed object, read from the environment once and validated at
 * start. Nothing else reads the environment.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { redactText } from './redact.ts';
import { describeUnknownZone, isTimeZone } from './time-zone.ts';

const port = z.coerce.number().int().min(0).max(65535);
const positive = z.coerce.number().int().positive();

/** One TMS instance: which adapter speaks to it, where it is, what it can do and what it allows. */
export const tmsConfigSchema = z.strictObject({
  /** Name of the instance: in the fleet's `tms` column, in the task queue `tms-<name>`, in metrics. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'lower-case letters, digits and hyphens'),
  /** Folder of the adapter under `tms/`. */
  adapter: z.string(),
  url: z.url(),
  capabilities: z
    .strictObject({
      idempotent: z.boolean().default(true),
      requestBulk: positive.default(1),
      observeBulk: positive.default(200),
      cancelBulk: z.number().int().nonnegative().default(200),
      push: z.boolean().default(false),
    })
    .prefault({}),
  limits: z
    .strictObject({
      /** Calls under way at once, per worker process. */
      concurrency: positive.default(32),
      /** Calls per second, per worker process; absent means as many as the concurrency allows. */
      requestsPerSecond: positive.optional(),
      /**
       * Milliseconds until a call without an answer is given up. Below the 10 s after which a dispatch whose
       * worker is silent is handed to another: what the first one sent has arrived by then.
       */
      timeoutMs: positive.max(9_000).default(5_000),
      /** Failed calls in a row that open the circuit breaker. */
      breakerThreshold: positive.default(20),
      /** Milliseconds that an open breaker waits before it tries one call. */
      breakerCooldownMs: positive.default(5_000),
    })
    .prefault({}),
  /** Shared secret of the HMAC-SHA-256 signature on call-backs; absent where the TMS does not call back. */
  callbackSecret: z.string().min(16).optional(),
});
export type TmsConfig = z.infer<typeof tmsConfigSchema>;

const configSchema = z.object({
  /** pino level: trace, debug, info, warn, error, fatal, silent. */
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  temporal: z.object({
    address: z.string().default('127.0.0.1:7233'),
    namespace: z.string().default('default'),
    /** Where people open the Temporal Web UI; used in links only. */
    uiUrl: z.url().default('http://127.0.0.1:8233'),
  }),
  database: z.object({
    url: z.string().default('postgres://postgres:postgres@127.0.0.1:5433/tpe'),
    /** Connections per process. */
    poolSize: positive.default(10),
  }),
  kafka: z.object({
    brokers: z
      .string()
      .default('127.0.0.1:9092')
      .transform((list) => list.split(',').map((broker) => broker.trim())),
    /** Put before every topic's name; empty in production, one per file in tests. */
    topicPrefix: z.string().default(''),
    /** Copies of each partition; 3 on a real cluster. */
    replicationFactor: positive.default(1),
  }),
  api: z.object({
    host: z.string().default('127.0.0.1'),
    port: port.default(8080),
  }),
  orders: z.object({
    /** CloudEvents sources that may order updates on `tpe.update.command`; from all others nothing is taken. */
    sources: z
      .string()
      .default('')
      .transform((list) => list.split(',').flatMap((source) => source.trim() || [])),
    /** Seconds without an order after which a campaign that orders have made takes none any more. */
    keepOpenSeconds: positive.max(86_400).default(300),
  }),
  audit: z.object({
    /** Folder that months are written to before they leave the database; shared by all processes, best write-once. */
    archiveDir: z.string().default('.data/archive'),
    /** Days for which events stay in the database; a month leaves it when all of it is older. */
    hotDays: positive.default(90),
  }),
  /** IANA name: the time zone of sites that none was set for. */
  defaultTimeZone: z
    .string()
    .refine(isTimeZone, { error: ({ input }) => describeUnknownZone(String(input)) })
    .default('Europe/Paris'),
  /** Port for `/metrics` and `/healthz` of a worker process; 0 takes any free one. */
  workerPort: port.default(0),
  /** File of a bundle of workflows that the orchestrator runs; absent: it bundles the sources. */
  workflowBundle: z.string().optional(),
  hardwareApi: z.object({
    url: z.url().default('http://127.0.0.1:9102'),
    /** Milliseconds until a terminal that does not answer counts as unreachable. */
    timeoutMs: positive.default(2_000),
    /** Calls under way at once, per worker process. */
    concurrency: positive.default(64),
  }),
  tms: z.array(tmsConfigSchema).min(1),
});
export type Config = z.infer<typeof configSchema>;

/** The configuration is wrong: the message names each variable and what is wrong with it. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** Where each setting comes from; the names are those of the documentation in `docs/operating.md`. */
const VARIABLES: Record<string, string> = {
  logLevel: 'LOG_LEVEL',
  'temporal.address': 'TEMPORAL_ADDRESS',
  'temporal.namespace': 'TEMPORAL_NAMESPACE',
  'temporal.uiUrl': 'TEMPORAL_UI_URL',
  'database.url': 'DATABASE_URL',
  'database.poolSize': 'DATABASE_POOL_SIZE',
  'kafka.brokers': 'KAFKA_BROKERS',
  'kafka.topicPrefix': 'KAFKA_TOPIC_PREFIX',
  'kafka.replicationFactor': 'KAFKA_REPLICATION_FACTOR',
  'api.host': 'API_HOST',
  'api.port': 'API_PORT',
  'orders.sources': 'ORDER_SOURCES',
  'orders.keepOpenSeconds': 'ORDER_KEEP_OPEN_SECONDS',
  'audit.archiveDir': 'AUDIT_ARCHIVE_DIR',
  'audit.hotDays': 'AUDIT_HOT_DAYS',
  defaultTimeZone: 'DEFAULT_TIME_ZONE',
  workerPort: 'WORKER_PORT',
  workflowBundle: 'WORKFLOW_BUNDLE',
  'hardwareApi.url': 'HARDWARE_API_URL',
  'hardwareApi.timeoutMs': 'HARDWARE_API_TIMEOUT_MS',
  'hardwareApi.concurrency': 'HARDWARE_API_CONCURRENCY',
  tms: 'TMS_CONFIG',
};

/**
 * Reads and validates the configuration.
 * @throws ConfigError naming every variable that is wrong
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const raw: Record<string, unknown> = {
    temporal: {},
    database: {},
    kafka: {},
    api: {},
    orders: {},
    audit: {},
    hardwareApi: {},
  };
  for (const [path, variable] of Object.entries(VARIABLES)) {
    const value = env[variable];
    if (value === undefined || value === '') continue;
    const [group, key] = path.split('.') as [string, string | undefined];
    if (key === undefined) raw[group] = value;
    else (raw[group] as Record<string, unknown>)[key] = value;
  }
  raw.tms = readTmsConfig(env.TMS_CONFIG);
  const parsed = configSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const path = issue.path.join('.');
    const variable = VARIABLES[path] ?? (path.startsWith('tms') ? `TMS_CONFIG (${path})` : path);
    return `${variable}: ${issue.message}`;
  });
  throw new ConfigError(`The configuration is not valid.\n  ${problems.join('\n  ')}`);
}

/** `TMS_CONFIG` is a JSON array, or the path of a file that holds one; the default is `examples/tms.json`. */
function readTmsConfig(value: string | undefined): unknown {
  const inline = value?.trimStart().startsWith('[') ? value : undefined;
  const file = value && !inline ? value : new URL('./examples/tms.json', import.meta.url);
  try {
    return JSON.parse(inline ?? readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(
      `TMS_CONFIG: ${inline ? 'the value' : String(file)} can't be read as JSON: ${redactText((error as Error).message)}`,
    );
  }
}
