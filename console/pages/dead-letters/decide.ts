/** Replay and discard, of one letter and of many, and what came of it. */
import { answer, api } from '../../api/client.ts';
import { ApiProblem } from '../../api/problem.ts';
import type { DeadLetter, DeadLettersReplayed } from '../../api/schema.ts';
import type { StoreValue } from 'nanostores';
import type { Given } from '../../components/confirm-action.tsx';
import type { messages } from './en.ts';
import type { Asked } from './filters.ts';
import type { Edit } from './letter-draft.ts';

type Words = StoreValue<typeof messages>;
export type Decision = 'replay' | 'discard';
export type Skipped = DeadLettersReplayed['skipped'][number];
export type Why = Skipped['why'];

/** Letters that one request may name. */
const MOST_IDS = 1_000;

/** Those that were chosen one by one, or all open ones that meet a filter. */
export type Chosen = { ids: readonly string[] } | { filter: Asked };

export interface Outcome {
  decision: Decision;
  done: number;
  skippedCount: number;
  /** The first thousand of each request. */
  skipped: readonly Skipped[];
}

/**
 * Decides about many letters, with as many requests as it takes.
 * @param tell hears after each request what has come of all so far: what was done is done, whatever the next one fails by
 * @throws ApiProblem, ApiUnreachable
 */
export async function decideMany(
  decision: Decision,
  chosen: Chosen,
  { by, reason = '' }: Given,
  tell: (outcome: Outcome) => void,
): Promise<void> {
  let outcome: Outcome = { decision, done: 0, skippedCount: 0, skipped: [] };
  const ask = async (body: Chosen & { cursor?: string }): Promise<string | null> => {
    const answered = await request(decision, { ...body, by, reason });
    outcome = {
      decision,
      done: outcome.done + answered.done,
      skippedCount: outcome.skippedCount + answered.skippedCount,
      skipped: [...outcome.skipped, ...answered.skipped],
    };
    tell(outcome);
    return answered.nextCursor;
  };
  if ('filter' in chosen) {
    let cursor = await ask(chosen);
    while (cursor !== null) cursor = await ask({ ...chosen, cursor });
    return;
  }
  for (let from = 0; from < chosen.ids.length; from += MOST_IDS) {
    await ask({ ids: chosen.ids.slice(from, from + MOST_IDS) });
  }
}

interface Answered {
  done: number;
  skippedCount: number;
  skipped: Skipped[];
  nextCursor: string | null;
}

async function request(
  decision: Decision,
  given: Chosen & { cursor?: string; by: string; reason: string },
): Promise<Answered> {
  const body = 'ids' in given ? { ...given, ids: [...given.ids] } : given;
  if (decision === 'replay') {
    const { replayed, ...rest } = await answer(api.POST('/api/v1/dlq/replay', { body }));
    return { ...rest, done: replayed };
  }
  const { discarded, ...rest } = await answer(api.POST('/api/v1/dlq/discard', { body }));
  return { ...rest, done: discarded };
}

/** @throws ApiProblem whose detail says in words why a letter can not be published; ApiUnreachable */
export async function replayOne(
  t: Words,
  deadLetterId: string,
  given: Given,
  edit: Edit,
): Promise<DeadLetter> {
  // The value as text: parsed and written again, a number of many digits would be another.
  const body = { ...given, ...(Object.keys(edit).length > 0 && { edit }) };
  try {
    return await answer(
      api.POST('/api/v1/dlq/{deadLetterId}/replay', { params: { path: { deadLetterId } }, body }),
    );
  } catch (error) {
    throw inWords(t, error);
  }
}

/** @throws ApiProblem, ApiUnreachable */
export async function discardOne(deadLetterId: string, { by, reason = '' }: Given): Promise<DeadLetter> {
  return answer(
    api.POST('/api/v1/dlq/{deadLetterId}/discard', {
      params: { path: { deadLetterId } },
      body: { by, reason },
    }),
  );
}

const WHY = {
  'not-found': 'whyNotFound',
  settled: 'whySettled',
  'no-topic': 'whyNoTopic',
  truncated: 'whyTruncated',
  empty: 'whyEmpty',
  'too-large': 'whyTooLarge',
  'out-of-date': 'whyOutOfDate',
} as const satisfies Record<Why, keyof Words>;

/** Why nothing was done about a letter; what is not known here is shown as it is. */
export function whyInWords(t: Words, why: string): string {
  const key = (WHY as Record<string, (typeof WHY)[Why] | undefined>)[why];
  return key ? t[key] : why;
}

/** The same refusal with its `why` in the reader's language before the API's own words. */
function inWords(t: Words, error: unknown): unknown {
  if (!(error instanceof ApiProblem)) return error;
  const { why } = error.problem;
  if (why === undefined) return error;
  const detail = `${whyInWords(t, why)} ${error.problem.detail}`;
  return new ApiProblem({ ...error.problem, detail }, error.retryAfter);
}

/** What the API has found wrong with an edit, by part. */
export interface Refusal {
  key?: string;
  value?: string;
  /** By the header's name. */
  headers: Readonly<Record<string, string>>;
}

export function refusalOf(error: unknown): Refusal {
  const faults = error instanceof ApiProblem ? (error.problem.errors ?? []) : [];
  const at = (place: string): [string, string][] =>
    faults.flatMap(({ pointer = '', message }) =>
      pointer.startsWith(place) ? [[pointer.slice(place.length), message] as [string, string]] : [],
    );
  const [[key], [value]] = [at('/edit/key'), at('/edit/value')];
  return {
    ...(key && { key: key[1] }),
    ...(value && { value: value[1] }),
    headers: Object.fromEntries(at('/edit/headers/')),
  };
}
