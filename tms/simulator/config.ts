/** What the simulator is told; every setting has a default that means "a well-behaved vendor". */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';

/** A share of terminals or calls, 0 to 1. */
const rate = z.number().min(0).max(1);
const range = z
  .strictObject({ min: z.number().nonnegative(), max: z.number().nonnegative() })
  .refine(({ min, max }) => min <= max, 'min must not be above max');

/** Paths on the TMS port that belong to the simulator itself. */
const RESERVED = ['stats', 'terminals', 'fleet', 'faults', 'healthz'];

/** How one TMS and its terminals behave. These settings, and no others, can be changed at run time. */
export const behaviourSchema = z.strictObject({
  /** Milliseconds (real) until a call is answered. */
  latencyMs: range.prefault({ min: 0, max: 0 }),
  /** Simulated seconds that an operation waits before its download begins. */
  queueSeconds: range.prefault({ min: 5, max: 60 }),
  downloadSeconds: range.prefault({ min: 60, max: 600 }),
  installSeconds: range.prefault({ min: 60, max: 300 }),
  /** Share of operations that fail on the terminal, while downloading or while installing. */
  failRate: rate.default(0),
  failReasons: z
    .array(z.string().min(1))
    .min(1)
    .default(['download-failed', 'insufficient-storage', 'signature-invalid', 'battery-low']),
  /** Share of terminals that are off when asked: the operation stays QUEUED, the Hardware-API can't reach them. */
  offlineRate: rate.default(0),
  /** Simulated seconds until a terminal that is off comes back. */
  offlineSeconds: range.prefault({ min: 600, max: 7_200 }),
  /** Share of the terminals that are off which never come back. */
  neverBackRate: rate.default(0),
  /** Share of operations that the TMS calls DONE while the terminal keeps its old version. */
  lieRate: rate.default(0),
  /** Share of operations that the TMS accepts and then knows nothing of. */
  forgetRate: rate.default(0),
  /** Share of terminals for which the TMS refuses a given version, however often it is asked. */
  rejectRate: rate.default(0),
  rejectReasons: z.array(z.string().min(1)).min(1).default(['model-not-supported', 'contract-expired']),
  /** Share of update and cancel calls that are carried out and never answered: the socket is destroyed. */
  lostAnswerRate: rate.default(0),
  /** Share of calls that are answered with 500; half of those are carried out nevertheless. */
  errorRate: rate.default(0),
  /** Share of looks at an operation that is under way or has ended which are told an earlier state of it. */
  backwardsRate: rate.default(0),
});
export type Behaviour = z.infer<typeof behaviourSchema>;

/** Without those that are about calls: a call may be about many terminals. */
const {
  latencyMs: _l,
  lostAnswerRate: _a,
  errorRate: _e,
  backwardsRate: _b,
  ...operationSettings
} = behaviourSchema.shape;
type OperationSettings = typeof operationSettings;

/** Their defaults are those of the vendor, so that here what is left out must stay out. */
const settingsIfGiven = Object.fromEntries(
  Object.entries(operationSettings).map(([name, setting]) => [name, setting.unwrap().optional()]),
) as { [K in keyof OperationSettings]: z.ZodOptional<ReturnType<OperationSettings[K]['unwrap']>> };

const overrideSchema = z
  .strictObject({
    /** The terminals concerned; absent means every model. */
    model: z.string().min(1).optional(),
    /** The target version concerned; absent means every version. */
    version: z.string().min(1).optional(),
    ...settingsIfGiven,
  })
  .refine(
    ({ model, version }) => model !== undefined || version !== undefined,
    'must name a model, a version or both',
  );
export type BehaviourOverride = z.infer<typeof overrideSchema>;

export const CALLBACK_STATES = ['DOWNLOADING', 'INSTALLING', 'DONE', 'FAILED', 'CANCELLED'] as const;

const callbacksSchema = z.strictObject({
  /** Where the events are posted to. */
  url: z.url(),
  secret: z.string().min(16),
  /** Share of events that are sent at all. */
  rate: rate.default(1),
  /** Share of the events sent that are sent twice. */
  duplicateRate: rate.default(0),
  /** Share of the events sent that come late, by a time within `lateSeconds`. */
  lateRate: rate.default(0),
  /** Simulated seconds. */
  lateSeconds: range.prefault({ min: 60, max: 600 }),
  /** Share of the calls that are made once before with a signature that is not right, as somebody else would. */
  forgedRate: rate.default(0),
  /** The states that are told. */
  states: z.array(z.enum(CALLBACK_STATES)).default(['DONE', 'FAILED', 'CANCELLED']),
});
export type CallbackConfig = z.infer<typeof callbacksSchema>;

const vendorSchema = behaviourSchema.extend({
  /** Its path on the TMS port, and the `tms` column of its terminals. */
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, 'lower-case letters, digits and hyphens')
    .refine((name) => !RESERVED.includes(name), `none of ${RESERVED.join(', ')}`),
  /** Recognises an idempotency key and repeats its first answer. */
  idempotent: z.boolean().default(true),
  /** Has the bulk end points. */
  bulk: z.boolean().default(true),
  /** Calls of every kind, in fixed windows of real seconds; more are answered 429 with `Retry-After`. */
  rateLimit: z
    .strictObject({ requests: z.number().int().positive(), perSeconds: z.number().positive() })
    .optional(),
  /** Answered 503, from and to simulated seconds after the start. */
  outages: z
    .array(z.strictObject({ fromSeconds: z.number().nonnegative(), toSeconds: z.number().positive() }))
    .default([]),
  callbacks: callbacksSchema.optional(),
  /** Other settings for the operations of a model, for a version or for both; later entries win. */
  overrides: z.array(overrideSchema).default([]),
});
export type VendorConfig = z.infer<typeof vendorSchema>;

export const simulatorConfigSchema = z.strictObject({
  /** What happens to a terminal depends on this and on its own id, attempt and target version only. */
  seed: z.number().int().default(1),
  /** A simulated second takes 1 / speed real seconds. */
  speed: z.number().positive().default(1),
  /** CSV files of terminals, relative to the configuration file; more can be posted to `/fleet`. */
  fleet: z.array(z.string()).default([]),
  tms: z.array(vendorSchema).min(1),
  hardware: z
    .strictObject({
      /** Milliseconds (real) until a call is answered. */
      latencyMs: range.prefault({ min: 0, max: 0 }),
      /** Share of calls that do not reach a terminal that is on. */
      unreachableRate: rate.default(0),
    })
    .prefault({}),
});
export type SimulatorConfig = z.infer<typeof simulatorConfigSchema>;

/**
 * Reads the simulator's configuration.
 * @param value a JSON object, or the path of a file that holds one
 * @throws Error naming each setting that is wrong
 */
export function readSimulatorConfig(value: string): SimulatorConfig {
  const inline = value.trimStart().startsWith('{');
  let raw: unknown;
  try {
    raw = JSON.parse(inline ? value : readFileSync(value, 'utf8'));
  } catch (error) {
    throw new Error(
      `--config: ${inline ? 'the value' : value} can't be read as JSON: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const parsed = simulatorConfigSchema.safeParse(raw);
  if (!parsed.success) throw new Error(`--config is not valid:\n${z.prettifyError(parsed.error)}`);
  const folder = inline ? process.cwd() : dirname(value);
  return { ...parsed.data, fleet: parsed.data.fleet.map((file) => resolve(folder, file)) };
}
