/** A TMS or the Hardware-API that answers wrongly, late, or not at all. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FORCED_ANSWERS } from '../../tms/simulator/faults.ts';
import { between, type Random } from '../support/random.ts';
import type { Fault } from './faults.ts';
import type { World } from './world.ts';

/** Calls of a TMS that are answered so; enough to open a circuit breaker now and then. */
const MOST_CALLS = 60;

export function tmsFaults(world: World, random: Random): Fault[] {
  const vendors = ['alpha', 'beta'];
  return vendors
    .flatMap((tms): Fault[] => [
      ...FORCED_ANSWERS.map((answer): Fault => ({
        name: `${tms} answers ${answer}`,
        subject: tms,
        async happen(ms, signal) {
          await world.setTmsFault({ tms, answer: { with: answer, count: between(random, 1, MOST_CALLS) } });
          await sleep(ms, undefined, { signal }).catch(() => undefined);
          await world.setTmsFault({ tms, answer: null });
        },
      })),
      behaves(world, tms, 'is down', { outage: true }, { outage: false }),
      behaves(
        world,
        tms,
        'loses a third of its answers',
        { behaviour: { lostAnswerRate: 0.33 } },
        { behaviour: { lostAnswerRate: 0 } },
      ),
      behaves(
        world,
        tms,
        'fails a third of its calls',
        { behaviour: { errorRate: 0.33 } },
        { behaviour: { errorRate: 0 } },
      ),
      behaves(
        world,
        tms,
        'accepts and forgets a tenth',
        { behaviour: { forgetRate: 0.1 } },
        { behaviour: { forgetRate: 0 } },
      ),
      behaves(
        world,
        tms,
        'reports states backwards',
        { behaviour: { backwardsRate: 0.5 } },
        { behaviour: { backwardsRate: 0 } },
      ),
    ])
    .concat(
      behaves(
        world,
        undefined,
        'the terminals can not be reached',
        { hardware: { unreachableRate: 0.7 } },
        {
          hardware: { unreachableRate: 0 },
        },
      ),
      behaves(
        world,
        undefined,
        'the Hardware-API answers nobody',
        { hardware: { hang: true } },
        {
          hardware: { hang: false },
        },
      ),
    );
}

type Settings = Parameters<World['setTmsFault']>[0];

function behaves(world: World, tms: string | undefined, what: string, on: Settings, off: Settings): Fault {
  const whose = tms === undefined ? {} : { tms };
  return {
    name: tms === undefined ? what : `${tms} ${what}`,
    subject: tms ?? 'hardware',
    async happen(ms, signal) {
      await world.setTmsFault({ ...whose, ...on });
      await sleep(ms, undefined, { signal }).catch(() => undefined);
      await world.setTmsFault({ ...whose, ...off });
    },
  };
}
