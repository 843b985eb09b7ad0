/**
 * What the workflows cost the orchestrator: processor time of replaying a tracker's recorded history, as for each tracker
 * that goes on and is not cached. As the orchestrator is started; the baseline is how Node starts it by itself, with the
 * stacks that the Temporal SDK keeps of every promise (`workers/without-stack-traces.ts`), and the thread that Node starts
 * for each call into a workflow (`workers/fewer-watchdogs.ts`).
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseArgs } from 'node:util';
import { nodeArgs } from '../stack/roles.ts';
import { positive, progress } from './boundary.ts';
import type { Replayed } from './replay-process.ts';
import { round } from './campaign-bench.ts';

const PROCESS = fileURLToPath(new URL('replay-process.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../', import.meta.url));
/** Runs of each, in turn; the best counts, since whatever else the machine does only adds. */
const RUNS = 3;

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options: { replays: { type: 'string', default: '1000' } } });
  const replays = positive(values.replays);
  const ours: Replayed[] = [];
  const bare: Replayed[] = [];
  for (let n = 1; n <= RUNS; n++) {
    ours.push(await replay(nodeArgs('orchestrator'), replays));
    bare.push(await replay([], replays));
    progress(`run ${n} of ${RUNS}: ${ours.at(-1)?.cpuMs} ms, baseline ${bare.at(-1)?.cpuMs} ms`);
  }
  const cpuMs = Math.min(...ours.map((each) => each.cpuMs));
  const bareCpuMs = Math.min(...bare.map((each) => each.cpuMs));
  return { replays, cpuMsPerReplay: cpuMs, bareCpuMsPerReplay: bareCpuMs, ratio: round(cpuMs / bareCpuMs) };
}

async function replay(execArgv: string[], replays: number): Promise<Replayed> {
  const { stdout } = await promisify(execFile)(process.execPath, [...execArgv, PROCESS, String(replays)], {
    cwd: ROOT,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Replayed;
}
