/** Two versions of the orchestrator over one platform: the way from one to the other, and back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { campaignWorkflowId } from '../../workflows/names.ts';
import { Platform, type PlatformOptions, TARGET, until } from '../e2e/platform.ts';
import { unpackBundle, YESTERDAY } from './bundles.ts';
import { workersOf } from './histories.ts';

export type Version = 'yesterday' | 'today';

/** Milliseconds from one time that all workflows change hands to the next. */
const SHUFFLE_MS = 500;

interface Running {
  /** Of the process, in the stack. */
  name: string;
  /** Of the worker, in histories. */
  identity: string;
}

export class Orchestrators {
  readonly platform: Platform;
  private readonly folder: string;
  private readonly running = new Map<Version, Running>();

  private constructor(platform: Platform, folder: string) {
    this.platform = platform;
    this.folder = folder;
  }

  /** The platform with an orchestrator of this version. */
  static async start(version: Version, options: PlatformOptions): Promise<Orchestrators> {
    const folder = await mkdtemp(join(tmpdir(), 'tpe-test-versions-'));
    await unpackBundle(YESTERDAY, folder);
    const platform = await Platform.start({ ...options, env: workflowsOf(version, folder) });
    const orchestrators = new Orchestrators(platform, folder);
    orchestrators.remember(version, 'orchestrator');
    return orchestrators;
  }

  async stop(): Promise<void> {
    await this.platform.stop();
    await rm(this.folder, { recursive: true });
  }

  /** Starts one of this version beside those that run. */
  async add(version: Version): Promise<void> {
    const name = `orchestrator-${version}`;
    await this.platform.stack.startRole('orchestrator', workflowsOf(version, this.folder), name);
    this.remember(version, name);
  }

  /** Ends the one of this version without a warning, for good. */
  async kill(version: Version): Promise<void> {
    const managed = this.platform.stack.process(this.find(version).name);
    managed.kill('SIGKILL');
    await managed.waitExit();
    await managed.stop();
  }

  /**
   * A campaign over the terminals of a model, in waves of which each waits for somebody's approval of the next: it is
   * under way for as long as the test wants.
   * @returns its id
   */
  async launch(model: string): Promise<string> {
    const gate = { minSuccessPercent: 0, approval: true };
    const { campaignId } = await this.platform.call<{ campaignId: string }>('POST', '/campaigns', {
      targetVersion: TARGET,
      targets: { rule: `model = "${model}"` },
      policy: {
        polling: { windows: [{ everySeconds: 2, attempts: 200 }] },
        deadlineSeconds: 300,
        progressEverySeconds: 0.5,
        failureThreshold: null,
        waves: [
          { name: 'canary', count: 3, gate },
          { name: 'more', count: 6, gate },
          { name: 'rest', rest: true },
        ],
      },
    });
    return campaignId;
  }

  /** Sends a signal bare, as by `temporal workflow signal`. */
  async signal(campaignId: string, name: string): Promise<void> {
    await this.platform.temporal.workflow.getHandle(campaignWorkflowId(campaignId)).signal(name);
  }

  /** Lets the wave after this one begin, once this one is over. */
  async approve(campaignId: string, wave: number): Promise<void> {
    await until(async () => (await this.waves(campaignId))[wave - 1]?.state === 'AWAITING_APPROVAL');
    await this.signal(campaignId, 'approve');
    await until(async () => (await this.waves(campaignId))[wave]?.state === 'RUNNING');
  }

  private async waves(campaignId: string): Promise<{ state: string }[]> {
    return (await this.platform.call<{ waves: { state: string }[] }>('GET', `/campaigns/${campaignId}`))
      .waves;
  }

  /** Whether each version has done steps of the campaign. */
  async isShared(campaignId: string): Promise<boolean> {
    const workers = await workersOf(this.platform.temporal, campaignWorkflowId(campaignId));
    return [...this.running.values()].every(({ identity }) => workers.has(identity));
  }

  /** While `work` is done, every workflow changes hands again and again: whoever is free does its next step. */
  async shuffling(work: () => Promise<void>): Promise<void> {
    const over = new AbortController();
    const shuffled = (async () => {
      while (!over.signal.aborted) {
        await this.forgetHolders();
        await pause(SHUFFLE_MS);
      }
    })();
    try {
      await work();
    } finally {
      over.abort();
      await shuffled;
    }
  }

  /** Has the server forget which worker holds a workflow in memory. */
  private async forgetHolders(): Promise<void> {
    const { connection, options, workflow } = this.platform.temporal;
    for await (const { workflowId } of workflow.list({ query: 'ExecutionStatus = "Running"' })) {
      const request = { namespace: options.namespace, execution: { workflowId } };
      // It may have ended since it was listed.
      await connection.workflowService.resetStickyTaskQueue(request).catch(() => undefined);
    }
  }

  private remember(version: Version, name: string): void {
    const { pid } = this.platform.stack.process(name);
    this.running.set(version, { name, identity: `${pid}@${hostname()}` });
  }

  private find(version: Version): Running {
    const found = this.running.get(version);
    if (!found) throw new Error(`No orchestrator of ${version} was started.`);
    return found;
  }
}

function workflowsOf(version: Version, folder: string): Record<string, string> {
  return version === 'today' ? {} : { WORKFLOW_BUNDLE: join(folder, `${YESTERDAY}.js`) };
}
