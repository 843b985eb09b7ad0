/** Replays a tracker's recorded history as often as it is told, and says what that took; started by `replay.ts`. */
import { readFile } from 'node:fs/promises';
import proto from '@temporalio/proto';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { loadConfig } from '../config.ts';
import { createLogger } from '../observability/logger.ts';
import { loadWorkflowBundle } from '../workers/workflow-bundle.ts';

/** A terminal that is done at a look of its second window. */
const HISTORY = new URL('../test/histories/tpe-success.json', import.meta.url);
/** Before the measurement: what is compiled once is not what is measured. */
const WARM_UP = 100;

export interface Replayed {
  /** Processor time of a replay, all threads, in ms. */
  cpuMs: number;
}

Runtime.install({ logger: new DefaultLogger('ERROR') });
const workflowBundle = await loadWorkflowBundle(createLogger(loadConfig(), 'bench'));
const { History } = proto.temporal.api.history.v1;
const history = History.fromObject(JSON.parse(await readFile(HISTORY, 'utf8')) as object);

await replay(WARM_UP);
const replays = Number(process.argv[2]);
const before = process.cpuUsage();
await replay(replays);
const { user, system } = process.cpuUsage(before);
const replayed: Replayed = { cpuMs: Math.round((user + system) / 10 / replays) / 100 };
process.stdout.write(`${JSON.stringify(replayed)}\n`);

async function replay(times: number): Promise<void> {
  const histories = Array.from({ length: times }, (_, n) => ({ workflowId: `tpe-${n}`, history }));
  for await (const { error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
    if (error) throw error;
  }
}
