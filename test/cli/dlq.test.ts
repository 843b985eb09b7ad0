import { randomUUID } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestApi } from '../api/test-api.ts';
import { type Ended, runTpe } from './tpe.ts';

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await TestApi.create();
  folder = await mkdtemp(join(tmpdir(), 'tpe-cli-'));
});
beforeEach(() => api.pool.query('TRUNCATE dead_letter, outbox'));
afterAll(() => api.close());

function tpe(args: readonly string[], input: string | Buffer = ''): Promise<Ended> {
  return runTpe(['dlq', ...args], { url: api.url, input });
}

/** @returns the id of a new letter */
async function letter(error = 'INVALID_MESSAGE', value: Buffer | string | null = '{"a":1}'): Promise<string> {
  const [row] = await api.rows(
    `INSERT INTO dead_letter (dlq_id, topic, partition, "offset", key, value, headers, stage, error, reason, tries,
                              failed_at)
     VALUES ($1, 'tpe.update.command', 7, 42, 'key-1', $2, '{"ce_id": "e-1"}', 'orders', $3, E'a is\\nnot known', 1,
             '2026-11-21T10:00:00Z') RETURNING dead_letter_id AS id`,
    [randomUUID(), value === null ? null : Buffer.from(value), error],
  );
  return row.id;
}

const states = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await api.rows('SELECT dead_letter_id, state FROM dead_letter')).map(({ dead_letter_id, state }) => [
      dead_letter_id,
      state,
    ]),
  );

describe('tpe dlq', () => {
  test('lists open letters, or those in another state, and counts them', async () => {
    expect((await tpe(['list'])).out).toBe('No dead letter.\n');
    expect((await tpe(['summary'])).out).toBe('No dead letter is open.\n');
    const [open, done] = [await letter(), await letter('UNKNOWN_TERMINAL')];
    expect(await tpe(['discard', done, '--reason', 'noise'])).toEqual({
      code: 0,
      out: `The letter ${done} is discarded.\n`,
      err: '',
    });
    const list = await tpe(['list']);
    expect(list.out).toMatch(/^LETTER +FAILED +STATE +TOPIC +KEY +STAGE +ERROR +REASON\n/);
    expect(list.out).toMatch(
      new RegExp(
        `\n${open}  .*  OPEN   tpe.update.command  key-1  orders  INVALID_MESSAGE  a is not known\n$`,
      ),
    );
    const discarded = JSON.parse((await tpe(['list', '--state', 'DISCARDED', '--json'])).out).items;
    expect(discarded.map(({ deadLetterId }: { deadLetterId: string }) => deadLetterId)).toEqual([done]);
    expect(JSON.parse((await tpe(['list', '--state', 'ALL', '--json'])).out).items).toHaveLength(2);
    expect((await tpe(['list', '--state', 'ALL', '--error', 'NONE'])).out).toBe('No dead letter.\n');
    expect((await tpe(['summary'])).out).toMatch(
      /\nINVALID_MESSAGE +tpe.update.command +orders +1  .*\n\n1 letter open.\n$/,
    );
  });

  test('shows a letter: JSON over several lines, other values as they are', async () => {
    const id = await letter();
    const { out } = await tpe(['show', id]);
    expect(out).toMatch(/^place +partition 7, offset 42$/m);
    expect(out).toMatch(/^failed +.* in orders, tried 1 times$/m);
    expect(out).toContain('\nHeaders\n  ce_id  e-1\n');
    expect(out).toMatch(/\nValue \(7 bytes\)\n\{\n {2}"a": 1\n\}\n$/);
    expect((await tpe(['show', await letter('E', Buffer.from([255]))])).out).toMatch(
      /\(1 bytes, base64\)\n\/w==\n$/,
    );
    expect((await tpe(['show', await letter('E', null)])).out).toContain('Value: none, a tombstone');
    const masked = (await tpe(['show', await letter('E', '4111111111111111')])).out;
    expect(masked).toContain('[card number removed]');
    expect(masked).toContain('a replay publishes the original');
    await tpe(['discard', id, '--reason', 'noise', '--by', 'anna']);
    expect((await tpe(['show', id])).out).toMatch(/^decided +.* by anna: noise$/m);
    expect((await tpe(['show', randomUUID()])).code).toBe(1);
  });

  test('shows no character by which a message could steer the terminal', async () => {
    const evil = '\u001b[2Jall\u009b31m fine\r\u202e\u0007';
    const id = await letter('E', evil);
    // Also what only the platform writes: anybody may write on the topic of the dead letters.
    await api.pool.query(
      'UPDATE dead_letter SET key = $1, headers = $2, reason = $3, error = $3, stage = $3, topic = $3',
      [Buffer.from(evil), { [evil]: evil }, evil],
    );
    for (const args of [['show', id], ['list'], ['summary']]) {
      const { code, out } = await tpe(args);
      expect(code).toBe(0);
      expect(out).toContain('\\u{1b}[2Jall\\u{9b}31m fine');
      expect(out).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    }
  });

  test('replays one letter, as it was or with the value of a file', async () => {
    const file = join(folder, 'value.json');
    await writeFile(file, '{"b": 2}\n');
    const [first, second, third] = [await letter(), await letter(), await letter()];
    expect(await tpe(['replay', first, '--reason', 'fixed'])).toEqual({
      code: 0,
      out: `The letter ${first} is published again.\n`,
      err: '',
    });
    const edited = await tpe(['replay', second, '--reason', 'fixed', '--by', 'anna', '--value-file', file]);
    expect(edited.out).toBe(`The letter ${second} is published again, with another value.\n`);
    const json = await tpe(['replay', third, '--reason', 'fixed', '--value-file', '-', '--json'], 'grüße');
    expect(JSON.parse(json.out)).toMatchObject({ state: 'REPLAYED', decidedBy: 'api' });
    const rows = await api.rows('SELECT raw_value FROM outbox ORDER BY id');
    expect(rows.map(({ raw_value }) => raw_value.toString())).toEqual(['{"a":1}', '{"b": 2}\n', 'grüße']);

    const again = await tpe(['replay', first, '--reason', 'fixed']);
    expect(again.code).toBe(1);
    expect(again.err).toContain('already: The letter was replayed by api already.');
  });

  test('decides about several, by their ids or by what they have in common', async () => {
    const [a, b, c, d] = [await letter(), await letter(), await letter('OTHER'), await letter('OTHER')];
    expect((await tpe(['replay', a, b, '--reason', 'fixed'])).out).toBe('2 letters replayed.\n');
    const all = ['--all', '--error', 'OTHER', '--topic', 'tpe.update.command'];
    const dry = await tpe(['discard', ...all, '--stage', 'relay', '--reason', 'noise', '--json']);
    expect(JSON.parse(dry.out)).toEqual({ discarded: 0, skippedCount: 0, skipped: [] });
    expect((await tpe(['discard', ...all, '--reason', 'noise'])).out).toBe('2 letters discarded.\n');
    expect(await states()).toEqual({ [a]: 'REPLAYED', [b]: 'REPLAYED', [c]: 'DISCARDED', [d]: 'DISCARDED' });

    const rest = await tpe(['replay', a, c, '--reason', 'again']);
    expect([rest.code, rest.out]).toEqual([1, '1 letter replayed.\n']);
    expect(rest.err).toMatch(
      new RegExp(`^Not replayed: 1 letter\n  ${a} +The letter was replayed by api already.`),
    );
  });

  test.each([
    ['neither ids nor --all', ['replay'], 'Give the ids of letters, or --all.'],
    ['ids and --all', ['discard', randomUUID(), '--all'], 'Give either ids or --all.'],
    ['a filter without --all', ['replay', randomUUID(), '--error', 'E'], 'together with --all'],
    [
      'a value for several',
      ['replay', randomUUID(), randomUUID(), '--value-file', '-'],
      'exactly one letter',
    ],
    ['a value that is no text', ['replay', randomUUID(), '--value-file', '-'], 'stdin is not UTF-8'],
    ['a file that is not there', ['replay', randomUUID(), '--value-file', '/nowhere'], "can't be read"],
  ])('ends with 2 for %s', async (_title, args, message) => {
    const { code, err } = await tpe([...args, '--reason', 'x'], Buffer.from([0xff]));
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  test('ends with 2 without a reason', async () => {
    const { code, err } = await tpe(['discard', randomUUID()]);
    expect(err).toContain('--reason');
    expect(code).toBe(2);
  });
});
