import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { periodically, runParts } from '../../workers/parts.ts';
import type { Part } from '../../workers/parts.ts';
import { silent } from './consumer-rig.ts';
import { until } from './rig.ts';

function part(name: string, stopped: string[], more: Partial<Part> = {}): Part {
  return {
    name,
    ready: () => true,
    stop: () => {
      stopped.push(name);
      return Promise.resolve();
    },
    ...more,
  };
}

test('a role is ready when all of its parts are, and lets go of what they share after the last', async () => {
  const log: string[] = [];
  let ready = false;
  const slow = part('slow', log, {
    ready: () => ready,
    async stop() {
      await sleep(20);
      log.push('slow');
    },
  });
  const role = runParts([slow, part('quick', log)], () => Promise.resolve(void log.push('shared')));
  expect(role.ready()).toBe(false);
  ready = true;
  expect(role.ready()).toBe(true);
  expect(role.finished).toBeUndefined();
  await role.stop();
  expect(log).toEqual(['quick', 'slow', 'shared']);
});

test('a role ends with the first part that can not go on, and says which', async () => {
  const failing = Promise.withResolvers<void>();
  const parts = [
    part('one', [], { finished: Promise.withResolvers<void>().promise }),
    part('the projector', [], { finished: failing.promise }),
  ];
  const role = runParts(parts, () => Promise.resolve());
  failing.reject(new Error('its table is gone'));
  await expect(role.finished).rejects.toThrow("the projector can't go on: its table is gone");
});

test('a part that fails to stop keeps nobody else from stopping', async () => {
  const stopped: string[] = [];
  const bad = part('bad', stopped, { stop: () => Promise.reject(new Error('stuck')) });
  const role = runParts([bad, part('good', stopped)], () => Promise.resolve(void stopped.push('shared')));
  await expect(role.stop()).rejects.toThrow('stuck');
  expect(stopped).toEqual(['good', 'shared']);
});

test('what is done now and then is done at once, again after a failure, and not after a stop', async () => {
  let runs = 0;
  const now = periodically({
    name: 'housekeeping',
    logger: silent,
    everyMs: 3600_000,
    retryMs: 1,
    work: () => {
      runs++;
      return runs < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve();
    },
  });
  await until(() => runs === 3);
  await now.stop();
  expect(runs).toBe(3);
  expect(now.ready()).toBe(true);
});

test('a stop waits for the run under way, which learns of it', async () => {
  let ended = false;
  const long = periodically({
    name: 'long',
    logger: silent,
    everyMs: 1,
    async work(signal) {
      await sleep(3600_000, undefined, { signal }).catch(() => undefined);
      await sleep(20);
      ended = true;
    },
  });
  await long.stop();
  expect(ended).toBe(true);
});
