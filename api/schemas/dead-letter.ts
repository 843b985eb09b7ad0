import { DEAD_LETTER_STATES } from '../../db/dead-letter.ts';
import { TOPIC_NAMES } from '../../events/topics.ts';
import { instant, label, orNull, pageOf, uuid, z } from './common.ts';

/** Letters that one request may name. */
export const MAX_LETTERS = 1_000;
/** Letters that one request decides about where a filter selects them; the next goes on. */
export const LETTERS_AT_ONCE = 5_000;

const text = (max: number): z.ZodString => z.string().min(1).max(max);
const moment = z.iso.datetime({ offset: true }).openapi({ example: '2026-11-21T10:15:00.000Z' });

/** What letters are selected by, apart from their state. */
export const letterFilter = {
  topic: text(249)
    .optional()
    .openapi({ description: `Where they were, or were meant to go: ${TOPIC_NAMES.join(', ')}, or other.` }),
  error: text(200)
    .optional()
    .openapi({ description: 'The code of the error.', example: 'MESSAGE_TOO_LARGE' }),
  stage: text(200).optional().openapi({ description: 'Who gave up: `relay`, or the consumer by its name.' }),
  key: text(500).optional().openapi({ description: 'The key as text; `*` stands for any part of it.' }),
  from: moment.optional().openapi({ description: 'Failed at this moment or later.' }),
  to: moment.optional().openapi({ description: 'Failed before this moment.' }),
};

export const letterState = z.enum(DEAD_LETTER_STATES);

export const letterContent = z
  .object({
    encoding: z.enum(['utf-8', 'base64']).openapi({ description: 'Text where the bytes are UTF-8.' }),
    content: z.string(),
    bytes: z.number().int().openapi({ description: 'Size of the whole.' }),
    complete: z.boolean().openapi({ description: 'False: this is the beginning only.' }),
  })
  .openapi('DeadLetterContent');
export type LetterContent = z.output<typeof letterContent>;

export const deadLetter = z
  .object({
    deadLetterId: uuid,
    topic: z.string().openapi({ description: 'Where it was, or was meant to go; without the prefix.' }),
    partition: z.number().int().nullable().openapi({ description: 'Null: it never was on its topic.' }),
    offset: z.number().int().nullable(),
    key: orNull(letterContent),
    value: orNull(letterContent).openapi({
      description: 'In a list, at most 2,000 characters. Null: there is none.',
    }),
    headers: z.record(z.string(), z.string()).openapi({ description: 'Of the message itself.' }),
    stage: z.string().openapi({ description: 'Who gave up on it.' }),
    error: z.string().openapi({ description: 'A stable code.' }),
    reason: z.string().openapi({ description: 'The error in words.' }),
    tries: z.number().int(),
    truncatedBytes: z
      .number()
      .int()
      .nullable()
      .openapi({ description: 'Size of the value where only its beginning was kept.' }),
    failedAt: instant,
    receivedAt: instant,
    state: letterState,
    decidedBy: z.string().nullable(),
    decidedAt: instant.nullable(),
    decisionReason: z.string().nullable(),
    masked: z
      .boolean()
      .openapi({ description: 'Card numbers or secrets were masked in what is shown here.' }),
    links: z.object({ self: z.string() }),
  })
  .openapi('DeadLetter');
export type DeadLetter = z.output<typeof deadLetter>;

export const deadLetterPage = pageOf(deadLetter).openapi('DeadLetterPage');

export const deadLetterSummary = z
  .object({
    open: z.number().int().openapi({ description: 'Letters that nothing was decided about.' }),
    items: z.array(
      z.object({
        error: z.string(),
        topic: z.string(),
        stage: z.string(),
        count: z.number().int(),
        oldest: instant,
        newest: instant,
      }),
    ),
  })
  .openapi('DeadLetterSummary');

const by = label(100)
  .optional()
  .openapi({ description: 'Who decides; default the header X-Actor, else "api".' });
const reason = label(500);

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}$/, 'must be the name of a header')
  .regex(/^(?!dlq_)/i, 'must not begin with dlq_: these are set by the platform');

export const letterEdit = z
  .strictObject({
    key: z.string().max(4_096).nullable().optional().openapi({ description: 'Another key; null: none.' }),
    value: z.unknown().optional().openapi({
      description: 'Another value: text as it is, anything else as JSON; null: none, a tombstone.',
    }),
    headers: z
      .record(headerName, z.string().max(10_000).nullable())
      .optional()
      .openapi({ description: 'Headers to set; null removes one.' }),
  })
  .openapi('DeadLetterEdit', { description: 'What is published instead; an absent part stays as it is.' });

export const replayRequest = z
  .strictObject({ by, reason: reason.optional(), edit: letterEdit.optional() })
  .openapi('DeadLetterReplayRequest');

export const discardRequest = z.strictObject({ by, reason }).openapi('DeadLetterDiscardRequest');

export const manyRequest = z
  .strictObject({
    ids: z.array(uuid).min(1).max(MAX_LETTERS, `must have at most ${MAX_LETTERS} letters`).optional(),
    filter: z
      .strictObject(letterFilter)
      .optional()
      .openapi({ description: 'The open letters that meet all of it.' }),
    cursor: z
      .string()
      .max(1_000)
      .optional()
      .openapi({
        description: `With the same filter: the \`nextCursor\` of the answer before. A request decides about up to ${LETTERS_AT_ONCE} letters.`,
      }),
    by,
    reason,
  })
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), {
    error: 'must have either ids or filter',
  })
  .refine(({ filter, cursor }) => filter !== undefined || cursor === undefined, {
    path: ['cursor'],
    error: 'goes with a filter',
  })
  .openapi('DeadLettersRequest');

const skipped = z
  .array(
    z.object({
      id: uuid,
      why: z.enum(['not-found', 'settled', 'no-topic', 'truncated', 'empty', 'too-large', 'out-of-date']),
      detail: z.string(),
    }),
  )
  .openapi({ description: `The letters that stay as they are; at most ${MAX_LETTERS} are listed.` });

const outcome = {
  skippedCount: z.number().int(),
  skipped,
  nextCursor: z
    .string()
    .nullable()
    .openapi({ description: 'Not null: the filter selects more letters. Ask again, with it as `cursor`.' }),
};

export const lettersReplayed = z
  .object({ replayed: z.number().int(), ...outcome })
  .openapi('DeadLettersReplayed');

export const lettersDiscarded = z
  .object({ discarded: z.number().int(), ...outcome })
  .openapi('DeadLettersDiscarded');
