/** The dead letters: looked at, published again as they were or edited, or discarded. */
import {
  countOpenDeadLetters,
  findDeadLetter,
  inOrderOfFailure,
  listDeadLetters,
  walkOpenDeadLetters,
  type LetterEdit,
  type Skipped,
} from '../../db/dead-letter.ts';
import { discardDeadLetters, replayDeadLetters, type Decision } from '../../db/dead-letter-decisions.ts';
import type { Pool } from '../../db/pool.ts';
import { CARD_NUMBER_REMOVED, SECRET_REMOVED, containsCardNumber } from '../../redact.ts';
import { actorOf, type RequestContext } from '../context.ts';
import { decodeCursor, INSTANT_FORM, toPage, UUID_FORM } from '../cursor.ts';
import {
  DEAD_LETTERS_PATH as PATH,
  EXCERPT_BYTES,
  EXCERPT_CHARACTERS,
  showDeadLetter,
} from '../dead-letter-view.ts';
import { Problem, type ProblemCode, type ProblemItem } from '../errors.ts';
import { defineRoute, type Route } from '../route.ts';
import { paging, uuid, z } from '../schemas/common.ts';
import {
  deadLetter,
  deadLetterPage,
  deadLetterSummary,
  discardRequest,
  letterFilter,
  LETTERS_AT_ONCE,
  letterState,
  lettersDiscarded,
  lettersReplayed,
  manyRequest,
  MAX_LETTERS,
  replayRequest,
  type letterEdit,
} from '../schemas/dead-letter.ts';
import { notValid } from '../validate.ts';

const params = z.strictObject({ deadLetterId: uuid });
const headers = z.object({
  'x-actor': z.string().optional().openapi({ description: 'Who decides; kept with the decision.' }),
});

/** A message has 1 MiB at most; as text within JSON it may be longer. */
const EDIT_LIMIT = 8 * 1024 * 1024;
const MANY_LIMIT = 256 * 1024;

const list = defineRoute({
  method: 'get',
  path: PATH,
  operationId: 'listDeadLetters',
  tag: 'messages',
  summary: 'List dead letters, newest first',
  query: z.strictObject({ state: letterState.optional(), ...letterFilter, ...paging }),
  replies: { 200: { description: 'A page of letters.', schema: deadLetterPage } },
  async handle({ deps: { pool }, query: { cursor, limit, ...filter } }) {
    const after = decodeCursor(cursor, [INSTANT_FORM, UUID_FORM]);
    const rows = await listDeadLetters(pool, { ...filter, after, bytes: EXCERPT_BYTES, limit: limit + 1 });
    const page = toPage(rows, limit, (last) => [last.failedAtText, last.deadLetterId]);
    const items = page.items.map((row) => showDeadLetter(row, EXCERPT_CHARACTERS));
    return { status: 200, body: { items, nextCursor: page.nextCursor } };
  },
});

const summary = defineRoute({
  method: 'get',
  path: `${PATH}/summary`,
  operationId: 'summarizeDeadLetters',
  tag: 'messages',
  summary: 'How many dead letters are open, by error',
  query: z.strictObject(letterFilter),
  replies: { 200: { description: 'The most frequent first.', schema: deadLetterSummary } },
  async handle({ deps: { pool }, query }) {
    const items = await countOpenDeadLetters(pool, query);
    return { status: 200, body: { open: items.reduce((sum, { count }) => sum + count, 0), items } };
  },
});

const read = defineRoute({
  method: 'get',
  path: `${PATH}/{deadLetterId}`,
  operationId: 'getDeadLetter',
  tag: 'messages',
  summary: 'A dead letter with all of its value',
  params,
  replies: { 200: { description: 'The letter.', schema: deadLetter } },
  problems: ['not-found'],
  async handle({ deps: { pool }, params: { deadLetterId } }) {
    return { status: 200, body: await show(pool, deadLetterId) };
  },
});

const replay = defineRoute({
  method: 'post',
  path: `${PATH}/{deadLetterId}/replay`,
  operationId: 'replayDeadLetter',
  tag: 'messages',
  summary: 'Publish a dead letter again, as it was or edited',
  description:
    'The message gets the header `dlq_replay_of`. A letter is replayed once; if it fails again, it is a new letter. One that was discarded may still be replayed.',
  params,
  headers,
  body: replayRequest,
  bodyKind: 'optional-json',
  bodyLimit: EDIT_LIMIT,
  replies: { 200: { description: 'The relay publishes it.', schema: deadLetter } },
  problems: ['not-found', 'dead-letter-settled', 'dead-letter-not-replayable'],
  async handle({ deps: { pool, config }, context, params: { deadLetterId }, body: { by, reason, edit } }) {
    const decision = decisionOf(context, by, reason);
    const { topicPrefix } = config.kafka;
    const skipped = await replayDeadLetters(pool, [deadLetterId], decision, topicPrefix, toEdit(edit));
    refuse(skipped);
    return { status: 200, body: await show(pool, deadLetterId) };
  },
});

const discard = defineRoute({
  method: 'post',
  path: `${PATH}/{deadLetterId}/discard`,
  operationId: 'discardDeadLetter',
  tag: 'messages',
  summary: 'Discard a dead letter: nothing is to be done about it',
  params,
  headers,
  body: discardRequest,
  replies: { 200: { description: 'The letter, which is kept.', schema: deadLetter } },
  problems: ['not-found', 'dead-letter-settled'],
  async handle({ deps: { pool }, context, params: { deadLetterId }, body: { by, reason } }) {
    refuse(await discardDeadLetters(pool, [deadLetterId], decisionOf(context, by, reason)));
    return { status: 200, body: await show(pool, deadLetterId) };
  },
});

const replayMany = defineRoute({
  method: 'post',
  path: `${PATH}/replay`,
  operationId: 'replayDeadLetters',
  tag: 'messages',
  summary: 'Publish many dead letters again, as they were',
  description:
    'Those of `ids`, or the open ones that a filter selects, in the order in which they failed. `skipped` names those that can not be. A filter may need several requests: see `nextCursor`.',
  headers,
  body: manyRequest,
  bodyLimit: MANY_LIMIT,
  replies: { 200: { description: 'The relay publishes them.', schema: lettersReplayed } },
  async handle({ deps: { pool, config }, context, body }) {
    const chosen = await choose(pool, body);
    const decision = decisionOf(context, body.by, body.reason);
    const skipped = await replayDeadLetters(pool, chosen.ids, decision, config.kafka.topicPrefix);
    const { done, ...rest } = report(chosen, skipped);
    return { status: 200, body: { replayed: done, ...rest } };
  },
});

const discardMany = defineRoute({
  method: 'post',
  path: `${PATH}/discard`,
  operationId: 'discardDeadLetters',
  tag: 'messages',
  summary: 'Discard many dead letters',
  headers,
  body: manyRequest,
  bodyLimit: MANY_LIMIT,
  replies: { 200: { description: 'Discarded; they are kept.', schema: lettersDiscarded } },
  async handle({ deps: { pool }, context, body }) {
    const chosen = await choose(pool, body);
    const skipped = await discardDeadLetters(pool, chosen.ids, decisionOf(context, body.by, body.reason));
    const { done, ...rest } = report(chosen, skipped);
    return { status: 200, body: { discarded: done, ...rest } };
  },
});

function decisionOf(context: RequestContext, by: string | undefined, reason: string | undefined): Decision {
  const { correlationId, traceparent } = context;
  return { actor: actorOf(context, by), reason: reason ?? null, correlationId, traceparent };
}

async function show(pool: Pool, deadLetterId: string): Promise<unknown> {
  const row = await findDeadLetter(pool, deadLetterId);
  if (!row) throw noLetter(deadLetterId);
  return showDeadLetter(row);
}

function noLetter(deadLetterId: string): Problem {
  return new Problem('not-found', {
    detail: `There is no dead letter ${deadLetterId}.`,
    errors: [{ parameter: 'deadLetterId', message: 'is no dead letter' }],
  });
}

/** @throws Problem if nothing was decided about the one letter that was asked for */
function refuse([skipped]: readonly Skipped[]): void {
  if (!skipped) return;
  const { id, why, detail } = skipped;
  if (why === 'not-found') throw noLetter(id);
  const code: ProblemCode = why === 'settled' ? 'dead-letter-settled' : 'dead-letter-not-replayable';
  throw new Problem(code, { detail, extensions: { why } });
}

/** @throws Problem `validation-failed` for what must not be published */
function toEdit(edit: z.output<typeof letterEdit> | undefined): LetterEdit {
  const { key, value, headers: changed } = edit ?? {};
  const text = value === undefined || value === null ? value : toText(value);
  const parts: [string, string | null | undefined][] = [
    ['/edit/key', key],
    ['/edit/value', text],
    ...Object.entries(changed ?? {}).map(
      ([name, each]) => [`/edit/headers/${name}`, each] as [string, string],
    ),
  ];
  const errors = parts.flatMap(([pointer, part]) => faultsOf(pointer, part));
  if (errors.length > 0) throw notValid('validation-failed', errors);
  return {
    ...(key !== undefined && { key: toBytes(key) }),
    ...(text !== undefined && { value: toBytes(text) }),
    ...(changed !== undefined && { headers: changed }),
  };
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function toBytes(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text);
}

function faultsOf(pointer: string, text: string | null | undefined): ProblemItem[] {
  if (typeof text !== 'string') return [];
  // What was copied from where it is shown masked would be published with the mask.
  for (const mask of [CARD_NUMBER_REMOVED, SECRET_REMOVED]) {
    if (text.includes(mask)) return [{ pointer, message: `has "${mask}" in it, which is not the original` }];
  }
  return containsCardNumber(text)
    ? [{ pointer, message: 'has what looks like a card number in it: it must not be published' }]
    : [];
}

interface Chosen {
  ids: string[];
  missing: Skipped[];
  nextCursor: string | null;
}

/** Of a cursor of `walkOpenDeadLetters`. */
const WALK_FORMS = [
  INSTANT_FORM,
  INSTANT_FORM,
  /^[^]{1,1000}$/,
  /^-?\d{1,10}$/,
  /^-?\d{1,18}$/,
  UUID_FORM,
] as const;

async function choose(pool: Pool, { ids, filter, cursor }: z.output<typeof manyRequest>): Promise<Chosen> {
  if (ids === undefined) {
    const after = decodeCursor(cursor, WALK_FORMS);
    const rows = await walkOpenDeadLetters(pool, filter ?? {}, { after, limit: LETTERS_AT_ONCE + 1 });
    const page = toPage(rows, LETTERS_AT_ONCE, (last) => last.cursor);
    return { ids: page.items.map(({ id }) => id), missing: [], nextCursor: page.nextCursor };
  }
  const found = await inOrderOfFailure(pool, ids);
  const known = new Set(found);
  const missing = [...new Set(ids)].filter((id) => !known.has(id));
  return {
    ids: found,
    missing: missing.map((id) => ({ id, why: 'not-found', detail: `There is no dead letter ${id}.` })),
    nextCursor: null,
  };
}

function report(
  { ids, missing, nextCursor }: Chosen,
  skipped: readonly Skipped[],
): { done: number; skippedCount: number; skipped: Skipped[]; nextCursor: string | null } {
  const all = [...missing, ...skipped];
  return {
    done: ids.length - skipped.length,
    skippedCount: all.length,
    skipped: all.slice(0, MAX_LETTERS),
    nextCursor,
  };
}

export const deadLetterRoutes: Route[] = [list, summary, read, replay, discard, replayMany, discardMany];
