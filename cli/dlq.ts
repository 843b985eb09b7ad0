/** `tpe dlq …`: the dead letters, which are messages that could not be published or handled. */
import type { Command } from 'commander';
import type { z } from 'zod';
import type { deadLetter, deadLetterSummary, letterContent } from '../api/schemas/dead-letter.ts';
import { harmless, shorten } from './harmless.ts';
import { CliError, EXIT, failure, type ApiClient } from './http.ts';
import { readExactInput } from './input.ts';
import { positive, setup } from './options.ts';
import { fields, moment, print, printJson, printList, table } from './output.ts';

type DeadLetter = z.output<typeof deadLetter>;
type Summary = z.output<typeof deadLetterSummary>;
type Content = z.output<typeof letterContent>;

interface Filter {
  topic?: string;
  error?: string;
  stage?: string;
  key?: string;
  from?: string;
  to?: string;
}

interface Choice extends Filter {
  all?: boolean;
  reason: string;
  by?: string;
}

const FILTERS = ['topic', 'error', 'stage', 'key', 'from', 'to'] as const;

/** Characters of a key and a reason in a table. */
const KEY_WIDTH = 40;
const REASON_WIDTH = 70;

export function addDlqCommands(program: Command): void {
  const dlq = program.command('dlq').description('messages that could not be published or handled');

  withFilters(dlq.command('list'))
    .description('list dead letters, newest first')
    .option('--state <state>', 'OPEN, REPLAYED, DISCARDED or ALL', 'OPEN')
    .option('--limit <n>', 'most letters to show', positive, 50)
    .action(listLetters);

  dlq.command('summary').description('how many dead letters are open, by error').action(showSummary);

  dlq
    .command('show')
    .description('a dead letter: where it was, why it failed, and what it was')
    .argument('<id>')
    .action(showLetter);

  withFilters(dlq.command('replay'))
    .description('publish dead letters again, as they were, or one with another value')
    .argument('[id...]')
    .option('--all', 'all open letters that the other options select, instead of ids')
    .option('--value-file <file>', 'of one letter: publish what this file holds instead; - is stdin')
    .requiredOption('--reason <text>', 'why; kept in the audit trail')
    .option('--by <who>', 'who decides')
    .action(replayLetters);

  withFilters(dlq.command('discard'))
    .description('discard dead letters: nothing is to be done about them')
    .argument('[id...]')
    .option('--all', 'all open letters that the other options select, instead of ids')
    .requiredOption('--reason <text>', 'why; kept in the audit trail')
    .option('--by <who>', 'who decides')
    .action(discardLetters);
}

function withFilters(command: Command): Command {
  return command
    .option('--topic <topic>', 'where they were, or were meant to go')
    .option('--error <code>', 'the code of the error')
    .option('--stage <stage>', 'who gave up: relay, or the consumer by its name')
    .option('--key <key>', 'the key of the message; * stands for any part of it')
    .option('--from <time>', 'failed then or later: ISO 8601 with offset')
    .option('--to <time>', 'failed before');
}

async function listLetters(
  { state, limit, ...filter }: Filter & { state: string; limit: number },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const query = { ...filterOf(filter), ...(state !== 'ALL' && { state }) };
  const items = await api.list<DeadLetter>('dlq', query, limit);
  printList(items, { json: options.json, none: 'No dead letter.' }, [
    { title: 'LETTER', value: (row) => row.deadLetterId },
    { title: 'FAILED', value: (row) => moment(row.failedAt) },
    { title: 'STATE', value: (row) => row.state },
    { title: 'TOPIC', value: (row) => harmless(row.topic) },
    { title: 'KEY', value: (row) => row.key && shorten(textOf(row.key), KEY_WIDTH) },
    { title: 'STAGE', value: (row) => harmless(row.stage) },
    { title: 'ERROR', value: (row) => harmless(row.error) },
    { title: 'REASON', value: (row) => shorten(row.reason, REASON_WIDTH) },
  ]);
}

async function showSummary(_options: unknown, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const summary = await api.call<Summary>('dlq/summary');
  if (options.json) return printJson(summary);
  if (summary.open === 0) return print('No dead letter is open.');
  print(
    table(summary.items, [
      { title: 'ERROR', value: (row) => harmless(row.error) },
      { title: 'TOPIC', value: (row) => harmless(row.topic) },
      { title: 'STAGE', value: (row) => harmless(row.stage) },
      { title: 'OPEN', value: (row) => row.count, align: 'right' },
      { title: 'OLDEST', value: (row) => moment(row.oldest) },
      { title: 'NEWEST', value: (row) => moment(row.newest) },
    ]),
  );
  print(`\n${letters(summary.open)} open.`);
}

async function showLetter(id: string, _options: unknown, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const letter = await api.call<DeadLetter>(pathOf(id));
  if (options.json) return printJson(letter);
  const { partition, offset, decidedAt, decidedBy, decisionReason, value, masked } = letter;
  print(
    fields([
      ['letter', letter.deadLetterId],
      ['state', letter.state],
      ...(decidedAt
        ? [['decided', `${moment(decidedAt)} by ${decidedBy}: ${decisionReason ?? '–'}`] as const]
        : []),
      ['topic', harmless(letter.topic)],
      ['place', partition === null ? 'never published' : `partition ${partition}, offset ${offset}`],
      ['failed', `${moment(letter.failedAt)} in ${harmless(letter.stage)}, tried ${letter.tries} times`],
      ['error', harmless(letter.error)],
      ['reason', harmless(letter.reason)],
      ['key', letter.key && harmless(textOf(letter.key))],
    ]),
  );
  const headers = Object.entries(letter.headers).map((header) => header.map(harmless) as [string, string]);
  if (headers.length > 0) print(`\nHeaders\n${indent(fields(headers))}`);
  print(`\nValue${value ? ` (${describeContent(value)})\n${readable(value)}` : ': none, a tombstone'}`);
  if (masked) print('\nCard numbers or secrets are masked; a replay publishes the original.');
}

async function replayLetters(
  ids: string[],
  { valueFile, ...choice }: Choice & { valueFile?: string },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const [id] = ids;
  requireChoice(ids, choice);
  if (valueFile !== undefined && (id === undefined || ids.length > 1)) {
    throw usage('--value-file is for exactly one letter.');
  }
  const { by, reason } = choice;
  if (id !== undefined && ids.length === 1) {
    const edit = valueFile === undefined ? undefined : { value: await readExactInput(valueFile) };
    const body = { by, reason, edit };
    const letter = await api.call<DeadLetter>(`${pathOf(id)}/replay`, { method: 'POST', body });
    if (options.json) return printJson(letter);
    return print(`The letter ${id} is published again${edit ? ', with another value' : ''}.`);
  }
  await decideMany(api, ids, choice, { path: 'dlq/replay', done: 'replayed', json: options.json === true });
}

async function discardLetters(ids: string[], choice: Choice, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const [id] = ids;
  requireChoice(ids, choice);
  if (id !== undefined && ids.length === 1) {
    const body = { by: choice.by, reason: choice.reason };
    const letter = await api.call<DeadLetter>(`${pathOf(id)}/discard`, { method: 'POST', body });
    if (options.json) return printJson(letter);
    return print(`The letter ${id} is discarded.`);
  }
  await decideMany(api, ids, choice, { path: 'dlq/discard', done: 'discarded', json: options.json === true });
}

interface Outcome {
  replayed?: number;
  discarded?: number;
  skippedCount: number;
  skipped: { id: string; why: string; detail: string }[];
  nextCursor: string | null;
}

/** @throws CliError with exit code 1 if letters were left as they are; the others are done all the same */
async function decideMany(
  api: ApiClient,
  ids: readonly string[],
  { by, reason, ...filter }: Choice,
  { path, done, json }: { path: string; done: 'replayed' | 'discarded'; json: boolean },
): Promise<void> {
  const which = ids.length > 0 ? { ids } : { filter: filterOf(filter) };
  const skipped: Outcome['skipped'] = [];
  let [count, skippedCount] = [0, 0];
  let cursor: string | undefined;
  do {
    const body = { ...which, by, reason, cursor };
    const outcome = await api.call<Outcome>(path, { method: 'POST', body });
    count += outcome[done] ?? 0;
    skippedCount += outcome.skippedCount;
    skipped.push(...outcome.skipped);
    cursor = outcome.nextCursor ?? undefined;
  } while (cursor !== undefined);
  if (json) printJson({ [done]: count, skippedCount, skipped });
  else print(`${letters(count)} ${done}.`);
  if (skippedCount === 0) return;
  throw new CliError(EXIT.refused, {
    type: 'about:blank',
    title: `Not ${done}: ${letters(skippedCount)}`,
    errors: skipped.map(({ id, detail }) => ({ parameter: id, message: detail })),
  });
}

function letters(count: number): string {
  return count === 1 ? '1 letter' : `${count} letters`;
}

function requireChoice(ids: readonly string[], { all, ...filter }: Choice): void {
  if (all === true && ids.length > 0) throw usage('Give either ids or --all.');
  if (all !== true && ids.length === 0) throw usage('Give the ids of letters, or --all.');
  if (all !== true && Object.keys(filterOf(filter)).length > 0) {
    throw usage(`--${FILTERS.join(', --')} select letters together with --all.`);
  }
}

function usage(detail: string): CliError {
  return failure(EXIT.usage, 'The command line is wrong', detail);
}

function filterOf(options: Filter): Record<string, string> {
  return Object.fromEntries(
    FILTERS.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]] as const])),
  );
}

function pathOf(id: string): string {
  return `dlq/${encodeURIComponent(id)}`;
}

function textOf({ encoding, content }: Content): string {
  return encoding === 'base64' ? `base64:${content}` : content;
}

function describeContent({ encoding, bytes, complete }: Content): string {
  const parts = [`${bytes} bytes`, ...(encoding === 'base64' ? ['base64'] : [])];
  return [...parts, ...(complete ? [] : ['only the beginning was kept'])].join(', ');
}

/** JSON over several lines; other text as it is. */
function readable({ encoding, content }: Content): string {
  if (encoding === 'base64') return content;
  try {
    return harmless(JSON.stringify(JSON.parse(content), null, 2));
  } catch {
    return harmless(content);
  }
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
