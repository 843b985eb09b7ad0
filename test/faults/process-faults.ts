/** Processes that die, are stopped or hang, one, two or all of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import { untilDone } from '../support/persistence.ts';
import { PROCESSES, type ProcessName, ROLES, SERVERS, type World } from './world.ts';

/** Seconds that a role may take from SIGTERM to its end, and what a busy machine adds until we know of it. */
const STOP_SECONDS = 20 + 2;
const START_MS = 120_000;

export function processFaults(world: World): Fault[] {
  return [
    ...PROCESSES.map((name) => killed(world, [name])),
    ...pairs().map((pair) => killed(world, pair)),
    ...SERVERS.map((name) => away(world, name)),
    ...ROLES.map((name) => stopped(world, name)),
    ...ROLES.map((name) => suspended(world, name)),
    powerCut(world),
  ];
}

/** Two at once that lean on each other most. */
function pairs(): ProcessName[][] {
  return [
    ['postgres', 'tms'],
    ['temporal', 'postgres'],
    ['kafka', 'relay'],
    ['orchestrator', 'tms'],
    ['api', 'consumers'],
    ['kafka', 'postgres'],
    ['temporal', 'orchestrator'],
  ];
}

/** Without a chance to tidy up; it is started again by itself. */
function killed({ stack }: World, names: readonly ProcessName[]): Fault {
  return {
    name: `kill ${names.join(' and ')}`,
    subject: names.join('+'),
    happen() {
      for (const name of names) stack.process(name).kill('SIGKILL');
      return Promise.resolve();
    },
  };
}

/** A server that is stopped and stays away for a while. */
function away(world: World, name: (typeof SERVERS)[number]): Fault {
  return {
    name: `stop ${name} for a while`,
    subject: name,
    async happen(ms, signal) {
      const server = world.stack.process(name);
      await server.stop();
      await sleep(ms, undefined, { signal }).catch(() => undefined);
      await untilDone(() => server.start(), START_MS);
    },
  };
}

/** A role that is asked to stop, as an update of the platform does, and started again. */
function stopped({ stack }: World, name: ProcessName): Fault {
  return {
    name: `SIGTERM to ${name}`,
    subject: name,
    async happen() {
      const role = stack.process(name);
      // One that has just been killed has nothing to finish.
      await role.ready().catch(() => undefined);
      const begun = performance.now();
      await role.stop();
      const seconds = (performance.now() - begun) / 1000;
      await untilDone(() => role.start(), START_MS);
      // How it ended is not looked at: another fault may have cut off what it was at, or killed it meanwhile.
      if (seconds > STOP_SECONDS) {
        throw new Error(`it did not end within 20 s of SIGTERM, but after ${seconds.toFixed(1)} s`);
      }
    },
  };
}

/** As when its machine swaps: it does nothing for a while, its connections stay, and it knows of nothing afterwards. */
function suspended({ stack }: World, name: ProcessName): Fault {
  return {
    name: `suspend ${name} for a while`,
    subject: name,
    async happen(ms, signal) {
      const role = stack.process(name);
      role.kill('SIGSTOP');
      await sleep(ms, undefined, { signal }).catch(() => undefined);
      role.kill('SIGCONT');
    },
  };
}

/** Everything dies at one moment and is started again from the data folder. */
function powerCut({ stack }: World): Fault {
  return {
    name: 'power cut',
    subject: 'everything',
    async happen() {
      const all = PROCESSES.map((name) => stack.process(name));
      for (const each of all) each.kill('SIGKILL');
      await Promise.all(all.map((each) => each.stop()));
      await Promise.all(SERVERS.map((name) => untilDone(() => stack.process(name).start(), START_MS)));
      await Promise.all(ROLES.map((name) => untilDone(() => stack.process(name).start(), START_MS)));
    },
  };
}
