/** Starts the naive workflows beside the platform, on the same servers and against the same simulator. */
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BenchPlatform, Fleet } from '../campaign-bench.ts';
import { NAIVE_TASK_QUEUE } from './types.ts';
import { naiveCampaign } from './workflows.ts';

export interface Naive {
  /** Starts one parent over a fleet. @returns Epoch ms of its start, and how to end it with all its children */
  start(fleet: Pick<Fleet, 'idTms'>, asks: boolean): Promise<{ startedAt: number; end: () => Promise<void> }>;
  stop(): Promise<void>;
}

/** @throws Error where the worker ends before it runs */
export async function startNaive({ stack, temporal }: BenchPlatform): Promise<Naive> {
  const child = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), {
    env: { ...process.env, ...stack.env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  await Promise.race([
    once(child, 'message'),
    exited.then(() => {
      throw new Error('The naive worker has ended before it ran.');
    }),
  ]);
  return {
    async start({ idTms }, asks) {
      const startedAt = Date.now();
      const workflowId = `bench-naive-${randomUUID()}`;
      const handle = await temporal.workflow.start(naiveCampaign, {
        taskQueue: NAIVE_TASK_QUEUE,
        workflowId,
        args: [{ idTms: [...idTms], asks }],
      });
      return { startedAt, end: async () => void (await handle.terminate('measured')) };
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Waits until so many children have been started. @returns milliseconds from `startedAt` */
export async function untilChildren(
  { temporal }: BenchPlatform,
  children: number,
  startedAt: number,
): Promise<number> {
  const running = `WorkflowType = 'naiveTerminal' AND ExecutionStatus = 'Running'`;
  while ((await temporal.workflow.count(running)).count < children) await sleep(200);
  return Date.now() - startedAt;
}
