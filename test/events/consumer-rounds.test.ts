import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Abandoned, attempt } from '../../events/attempts.ts';
import type { AttemptOptions } from '../../events/attempts.ts';
import { lastDone, receivedMessage, rounds } from '../../events/consumed-message.ts';
import type { ReceivedMessage } from '../../events/consumed-message.ts';

function message(offset: number, key: string | null): ReceivedMessage {
  return receivedMessage('tpe.update.command', 0, {
    offset: String(offset),
    key: key === null ? null : Buffer.from(key),
    value: null,
    timestamp: '0',
    attributes: 0,
    headers: {},
  });
}

const keys = fc.array(fc.option(fc.constantFrom('a', 'b', 'c', 'd', ''), { nil: null }), { maxLength: 40 });

test('rounds hold every message once, no key twice, and the messages of a key in their order', () => {
  fc.assert(
    fc.property(keys, (given) => {
      const messages = given.map((key, offset) => message(offset, key));
      const cut = rounds(messages);
      expect(new Set(cut.flat())).toEqual(new Set(messages));
      expect(cut.flat()).toHaveLength(messages.length);
      for (const round of cut) {
        const own = round.flatMap(({ key }) => (key === null ? [] : [key.toString()]));
        expect(new Set(own).size).toBe(own.length);
      }
      for (const key of ['a', 'b', 'c', 'd', '']) {
        const ordered = cut.flat().filter((each) => each.key?.toString() === key);
        expect(ordered).toEqual(messages.filter((each) => each.key?.toString() === key));
      }
    }),
  );
});

test('keys that are no text are told apart by their bytes', () => {
  const binary = [0xff, 0xfe].map((byte, offset) => ({
    ...message(offset, ''),
    key: Buffer.from([byte]),
  }));
  expect(rounds(binary)).toEqual([binary]);
});

test('an offset is committed up to the first message that is not done', () => {
  const messages = [0, 1, 2, 3].map((offset) => message(offset, null));
  const [first, second, , last] = messages as [
    ReceivedMessage,
    ReceivedMessage,
    ReceivedMessage,
    ReceivedMessage,
  ];
  expect(lastDone(messages, new Set())).toBeUndefined();
  expect(lastDone(messages, new Set([second, last]))).toBeUndefined();
  expect(lastDone(messages, new Set([first, second, last]))).toBe(second);
  expect(lastDone(messages, new Set(messages))).toBe(last);
});

/** Attempts without waiting; `pauses` collects how long each would have been. */
function options(handle: AttemptOptions['handle'], more: Partial<AttemptOptions> = {}) {
  const pauses: number[] = [];
  return {
    pauses,
    handle,
    isOutage: () => false,
    pause: (milliseconds: number) => {
      pauses.push(milliseconds);
      return Promise.resolve();
    },
    check: () => undefined,
    onOutage: () => undefined,
    onRetry: () => undefined,
    ...more,
  };
}

test('one message for which the handler throws dies alone, whatever its place and the number of others', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 60 }), fc.nat(), async (count, place) => {
      const messages = Array.from({ length: count }, (_, offset) => message(offset, null));
      const poison = messages[place % count];
      let alone = 0;
      const used = options((given) => {
        if (poison && given.includes(poison)) {
          if (given.length === 1) alone++;
          return Promise.reject(new Error('no'));
        }
        return Promise.resolve(given.map(() => ({})));
      });
      const outcomes = await attempt(messages, used);
      expect(outcomes.map((outcome) => outcome.message)).toEqual(messages);
      expect(outcomes.filter(({ cause }) => cause)).toEqual([
        {
          message: poison,
          tries: 3,
          repeated: false,
          cause: { code: 'HANDLER_FAILED', message: 'Error: no' },
        },
      ]);
      expect(alone).toBe(3);
    }),
  );
});

test('all that are tried again wait together: 200 and 400 ms, up to a half less', async () => {
  const messages = [0, 1, 2].map((offset) => message(offset, null));
  const used = options((given) =>
    Promise.resolve(given.map(() => ({ dead: { code: 'BUSY', message: 'busy', retriable: true } }))),
  );
  const outcomes = await attempt(messages, used);
  expect(outcomes.map(({ tries, cause }) => [tries, cause?.code])).toEqual(messages.map(() => [3, 'BUSY']));
  expect(used.pauses).toHaveLength(2);
  const [first = 0, second = 0] = used.pauses;
  expect(first).toBeGreaterThanOrEqual(100);
  expect(first).toBeLessThanOrEqual(200);
  expect(second).toBeGreaterThanOrEqual(200);
  expect(second).toBeLessThanOrEqual(400);
});

test('an outage is waited out however long it takes, and counts as no try', async () => {
  let failures = 0;
  const noted: boolean[] = [];
  const used = options(
    (given) => {
      if (failures++ < 20) return Promise.reject(new Error('away'));
      return Promise.resolve(given.map(() => ({})));
    },
    { isOutage: () => true, onOutage: (error) => noted.push(error !== undefined) },
  );
  const outcomes = await attempt([message(0, 'a')], used);
  expect(outcomes).toMatchObject([{ tries: 1 }]);
  expect(outcomes[0]).not.toHaveProperty('cause');
  expect(noted).toEqual([...Array<boolean>(20).fill(true), false]);
  expect(Math.max(...used.pauses)).toBeLessThanOrEqual(5_000);
});

test('work that is to be left is left, and no message dies of it', async () => {
  const used = options(() => Promise.reject(new Error('away')), {
    isOutage: () => true,
    pause: () => Promise.reject(new Abandoned('stop')),
  });
  await expect(attempt([message(0, 'a'), message(1, 'b')], used)).rejects.toThrow(Abandoned);
});

test('a handler that forgets a verdict is taken to have failed', async () => {
  const used = options((given) => Promise.resolve(given.slice(1).map(() => ({}))));
  const [outcome] = await attempt([message(0, 'a')], used);
  expect(outcome?.cause).toEqual({
    code: 'HANDLER_FAILED',
    message: 'Error: The handler gave 0 verdicts for 1 messages.',
  });
});
