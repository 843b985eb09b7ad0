/** The reference protocol, spoken by a simulated TMS (`docs/adding-a-tms.md`). */
import { z } from 'zod';
import type { Operation } from '../contract.ts';
import type { Clock } from './clock.ts';
import type { Gate, CallKind, ForcedAnswer } from './faults.ts';
import { decideCall } from './fate.ts';
import { BadRequest, parseJson, type Call, type Reply } from './http.ts';
import type { Vendor } from './vendor.ts';

const MAX_INVENTORY_PAGE = 5_000;
/** Milliseconds (real) of an answer that is late. */
const LATE_MS = 30_000;

const updateSchema = z.object({ idTms: z.string(), targetVersion: z.string().min(1) });
const batchSchema = z.object({
  updates: z.array(updateSchema.extend({ idempotencyKey: z.string().optional() })).min(1),
});
const operationsSchema = z.object({
  operations: z
    .array(z.object({ idTms: z.string(), operationId: z.string().nullable().default(null) }))
    .min(1),
});

/** A call as the TMS understands it. */
interface Question {
  kind: CallKind;
  /** The first terminal that it is about: faults are decided by it. */
  idTms: string;
  perform(): Reply;
}

/** Answers a call to one TMS; the call's segments are those below the TMS's own path. */
export function answerTmsCall(vendor: Vendor, gate: Gate, seed: number, clock: Clock, call: Call): Reply {
  const question = understand(vendor, call);
  if (!question)
    return refuse(404, 'no-such-path', `${call.method} /${call.segments.join('/')} is not part of this API.`);
  const { stats } = vendor;
  const stopped = gate.check(question.kind, clock.now());
  if (stopped?.answer === '429') {
    stats.throttled++;
    const headers = { 'retry-after': String(stopped.retryAfterSeconds ?? 1) };
    return { ...refuse(429, 'too-many-requests', 'Ask less often.'), headers };
  }
  const fate = decideCall(vendor.behaviour, seed, {
    kind: question.kind,
    idTms: question.idTms,
    nth: countCall(vendor, question),
    write: question.kind === 'request' || question.kind === 'cancel',
  });
  if (stopped) return { delayMs: fate.latencyMs, ...force(stopped.answer, question, vendor) };
  const reply = fate.carriedOut ? question.perform() : undefined;
  if (fate.answer === 'lost') {
    stats.lostAnswers++;
    return { status: 0, body: null, delivery: 'cut', delayMs: fate.latencyMs };
  }
  if (!reply || fate.answer === 'error') {
    stats.errors++;
    return { ...refuse(500, 'internal-error', 'Something went wrong.'), delayMs: fate.latencyMs };
  }
  return { ...reply, delayMs: fate.latencyMs };
}

/** How often this terminal was asked for in this way, this call included. */
function countCall(vendor: Vendor, { kind, idTms }: Question): number {
  const terminal = vendor.terminals.get(idTms);
  return terminal && kind !== 'inventory' ? ++terminal.calls[kind] : 1;
}

function force(answer: ForcedAnswer, question: Question, { stats }: Vendor): Reply {
  switch (answer) {
    case 'hang':
      return { ...question.perform(), delivery: 'never' };
    case 'late':
      return { ...question.perform(), delayMs: LATE_MS };
    case 'lost':
      stats.lostAnswers++;
      return { ...question.perform(), delivery: 'cut' };
    case 'half':
      return { ...question.perform(), delivery: 'half' };
    case 'html':
      question.perform();
      return {
        status: 200,
        body: null,
        text: '<!doctype html><title>Sign in</title><h1>Please sign in</h1>',
      };
    case 'garbage':
      question.perform();
      return { status: 200, body: null, text: '\u0000\u0001{"operationId":' };
    case 'shape':
      question.perform();
      return { status: 200, body: { ok: true } };
    case '500':
      stats.errors++;
      question.perform();
      return refuse(500, 'internal-error', 'Something went wrong.');
    case 'cut':
      return { status: 0, body: null, delivery: 'cut' };
    case '401':
      return refuse(401, 'unauthorised', 'The credentials are not known here.');
    default:
      stats.errors++;
      return refuse(503, 'unavailable', 'Down for maintenance.');
  }
}

function understand(vendor: Vendor, call: Call): Question | undefined {
  const [first = '', second = '', third, fourth] = call.segments;
  const bulk = vendor.config.bulk;
  switch (`${call.method} ${first}`) {
    case 'POST updates':
      return second === '' ? updateOne(vendor, call) : undefined;
    case 'POST updates:batch':
      return bulk ? updateMany(vendor, call) : undefined;
    case 'POST operations:query':
      return bulk ? observeMany(vendor, call) : undefined;
    case 'POST operations:cancel':
      return bulk ? cancelMany(vendor, call) : undefined;
    case 'GET operations':
      return third === undefined ? observeOne(vendor, byId(vendor, second)) : undefined;
    case 'POST operations':
      return third === 'cancel' ? cancelOne(vendor, byId(vendor, second)) : undefined;
    case 'GET terminals':
      if (second === '') return listTerminals(vendor, call);
      return third === 'operation' ? observeOne(vendor, { idTms: second, operationId: null }) : undefined;
    case 'POST terminals':
      return third === 'operation' && fourth === 'cancel'
        ? cancelOne(vendor, { idTms: second, operationId: null })
        : undefined;
    default:
      return undefined;
  }
}

function updateOne(vendor: Vendor, call: Call): Question {
  const update = read(updateSchema, call.body);
  const header = call.headers['idempotency-key'];
  countUpdateCall(vendor, 1);
  return {
    kind: 'request',
    idTms: update.idTms,
    perform() {
      const result = vendor.request({ ...update, key: typeof header === 'string' ? header : null });
      return 'error' in result ? { status: 422, body: result } : { status: 202, body: result };
    },
  };
}

function updateMany(vendor: Vendor, call: Call): Question {
  const { updates } = read(batchSchema, call.body);
  countUpdateCall(vendor, updates.length);
  return {
    kind: 'request',
    idTms: updates[0]?.idTms ?? '',
    perform: () => ({
      status: 200,
      body: {
        results: updates.map(({ idempotencyKey, ...update }) => ({
          idTms: update.idTms,
          ...vendor.request({ ...update, key: idempotencyKey ?? null }),
        })),
      },
    }),
  };
}

function countUpdateCall({ stats }: Vendor, terminals: number): void {
  stats.updateCalls++;
  stats.updateTerminals += terminals;
  stats.lastUpdateCallAt = Date.now();
  stats.firstUpdateCallAt ??= stats.lastUpdateCallAt;
}

function observeOne(vendor: Vendor, operation: Operation): Question {
  vendor.stats.observeCalls++;
  return {
    kind: 'observe',
    idTms: operation.idTms,
    perform() {
      const report = vendor.observe(operation);
      if (report.state === 'UNKNOWN') return refuse(404, 'unknown-operation', 'There is no such operation.');
      return { status: 200, body: { idTms: operation.idTms, ...report } };
    },
  };
}

function observeMany(vendor: Vendor, call: Call): Question {
  const { operations } = read(operationsSchema, call.body);
  vendor.stats.observeCalls++;
  return {
    kind: 'observe',
    idTms: operations[0]?.idTms ?? '',
    perform: () => ({
      status: 200,
      body: { operations: operations.map((asked) => ({ idTms: asked.idTms, ...vendor.observe(asked) })) },
    }),
  };
}

function cancelOne(vendor: Vendor, operation: Operation): Question {
  vendor.stats.cancelCalls++;
  return {
    kind: 'cancel',
    idTms: operation.idTms,
    perform: () => ({ status: 200, body: vendor.cancel(operation) }),
  };
}

function cancelMany(vendor: Vendor, call: Call): Question {
  const { operations } = read(operationsSchema, call.body);
  vendor.stats.cancelCalls++;
  return {
    kind: 'cancel',
    idTms: operations[0]?.idTms ?? '',
    perform: () => ({
      status: 200,
      body: { results: operations.map((asked) => ({ idTms: asked.idTms, ...vendor.cancel(asked) })) },
    }),
  };
}

function listTerminals(vendor: Vendor, { query }: Call): Question {
  const limit = Math.min(Number(query.get('limit') ?? 1_000), MAX_INVENTORY_PAGE);
  if (!(limit >= 1)) throw new BadRequest('limit must be a positive number');
  vendor.stats.inventoryCalls++;
  return {
    kind: 'inventory',
    idTms: '',
    perform: () => ({ status: 200, body: vendor.inventory(query.get('cursor'), limit) }),
  };
}

function byId(vendor: Vendor, operationId: string): Operation {
  return { idTms: vendor.terminalOf(operationId) ?? '', operationId };
}

function read<T extends z.ZodType>(schema: T, body: string): z.output<T> {
  const parsed = schema.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  throw new BadRequest(z.prettifyError(parsed.error));
}

function refuse(status: number, code: string, message: string): Reply {
  return { status, body: { error: { code, message } } };
}
