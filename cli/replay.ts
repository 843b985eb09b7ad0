/** `tpe replay`: makes the projections anew from all events. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Presets, SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import type { z } from 'zod';
import type { projections, rebuild } from '../api/schemas/statistics.ts';
import { whoAmI } from './campaign-create.ts';
import { EXIT, failure, type ApiClient } from './http.ts';
import { setup } from './options.ts';
import { print, printJson, table } from './output.ts';

type Projections = z.output<typeof projections>;
type Rebuild = z.output<typeof rebuild>;

const LOOK_EVERY_MS = 300;

export function addReplayCommand(program: Command): void {
  program
    .command('replay')
    .description('make the projections (statistics) anew from all events, and say whether they were right')
    .option('--reason <text>', 'why; kept in the audit trail')
    .option('--by <who>', 'who; kept in the audit trail')
    .option('--no-wait', 'only ask for it; do not follow it to its end')
    .action(replay);
}

async function replay(
  { reason, by, wait }: { reason?: string; by?: string; wait: boolean },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const asked = await api.call<Rebuild>('projections/replay', {
    method: 'POST',
    body: { by: by ?? whoAmI(), reason },
  });
  const json = options.json ?? false;
  if (!wait) return json ? printJson(asked) : print(`Replay ${asked.rebuildId} was asked for.`);
  const ended = await follow(api, asked, json ? showJson() : process.stdout.isTTY ? showBar() : showLines());
  if (ended.state === 'FAILED')
    throw failure(
      EXIT.refused,
      'The replay has failed',
      `${ended.error ?? 'The log of the projector says why.'} The projections in use are as before.`,
    );
  if (!json) summarise(ended);
}

interface Display {
  progress(rebuild: Rebuild): void;
  stop(): void;
}

async function follow(api: ApiClient, asked: Rebuild, show: Display): Promise<Rebuild> {
  try {
    for (let now = asked; ; now = await look(api, now)) {
      show.progress(now);
      if (now.state === 'DONE' || now.state === 'FAILED') return now;
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    show.stop();
  }
}

async function look(api: ApiClient, { rebuildId }: Rebuild): Promise<Rebuild> {
  const { lastRebuild } = await api.call<Projections>('projections');
  if (lastRebuild?.rebuildId === rebuildId) return lastRebuild;
  throw failure(
    EXIT.refused,
    'The replay has ended',
    'Another one was asked for meanwhile; the events of the platform tell what came of this one.',
  );
}

function showJson(): Display {
  return { progress: printJson, stop: () => undefined };
}

function showLines(): Display {
  let before = '';
  return {
    progress(now) {
      const line = describe(now);
      if (line !== before) print(line);
      before = line;
    },
    stop: () => undefined,
  };
}

function showBar(): Display {
  const bar = new SingleBar(
    { format: '{bar} {percentage} % · {state}', hideCursor: true, forceRedraw: true },
    Presets.shades_classic,
  );
  bar.start(100, 0, { state: 'waiting for a projector' });
  return {
    progress: (now) => bar.update(Math.floor(now.percent), { state: describe(now) }),
    stop: () => bar.stop(),
  };
}

function describe({ state, events, position, targetPosition, error }: Rebuild): string {
  if (state === 'REQUESTED') return 'waiting for a projector';
  const trouble = state === 'RUNNING' && error !== null ? `; broken off, trying again: ${error}` : '';
  return `${state}  ${events} events, position ${position} of ${targetPosition ?? '?'}${trouble}`;
}

function summarise({ identical, differences, events, skipped, seconds }: Rebuild): void {
  const of = skipped > 0 ? `, ${skipped} of them without what it takes to count them` : '';
  print(`\n${events} events in ${seconds?.toFixed(1) ?? '?'} s${of}.`);
  if (identical) return print('The projections are identical.');
  const rows = (differences ?? []).reduce((sum, each) => sum + each.rows, 0);
  print(`The projections differed in ${rows} ${rows === 1 ? 'row' : 'rows'}; the new ones are in use now.\n`);
  print(
    table(differences ?? [], [
      { title: 'PROJECTION', value: ({ projection }) => projection },
      { title: 'ROWS', value: ({ rows: count }) => count, align: 'right' },
      { title: 'FOR EXAMPLE', value: ({ examples }) => JSON.stringify(examples[0]) },
    ]),
  );
}
