/** The whole platform on real parts, with a simulated fleet; what a test asks of it and checks at the end. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { expect } from 'vitest';
import { readTopic } from '../../events/consume.ts';
import type { SimulatorOptions } from '../../stack/roles.ts';
import type { SimulatorStats, TerminalTruth } from '../../tms/simulator/admin-routes.ts';
import { progressQuery } from '../../workflows/messages.ts';
import { campaignWorkflowId } from '../../workflows/names.ts';
import type { StatusCounts, TpeStatus } from '../../workflows/status.ts';
import type { CampaignProgress } from '../../workflows/types.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

export const TARGET = '4.2.0';
const OLD = '4.1.0';

export interface FleetPart {
  tms: 'alpha' | 'beta';
  terminals: number;
  /** Default A920. */
  model?: string;
}

export interface PlatformOptions {
  /** The TMSs: `alpha` knows idempotency keys, `beta` does not. */
  tms: SimulatorOptions['tms'];
  /** How many times faster than real time terminals download and install. */
  speed: number;
  fleet: FleetPart[];
  /** Calls to each TMS under way at once; few make a dispatch that lasts long enough to be disturbed. */
  concurrency?: number;
  /** Seconds between two looks at a terminal. */
  lookEverySeconds?: number;
  /** Settings of all roles, by the names of `config.ts`. */
  env?: Record<string, string>;
}

interface CampaignView {
  status: string;
  total: number;
  counts: StatusCounts;
}

export class Platform {
  readonly stack: TestStack;
  readonly temporal: Client;
  private readonly options: PlatformOptions;

  private constructor(stack: TestStack, temporal: Client, options: PlatformOptions) {
    this.stack = stack;
    this.temporal = temporal;
    this.options = options;
  }

  static async start(options: PlatformOptions): Promise<Platform> {
    const stack = await startTestStack({
      simulator: { seed: 42, speed: options.speed, tms: options.tms },
    });
    const url = `http://127.0.0.1:${stack.ports.simulatorTms}`;
    const limits = { concurrency: options.concurrency ?? 32 };
    const env = {
      ...options.env,
      TMS_CONFIG: JSON.stringify([
        {
          name: 'alpha',
          adapter: 'reference',
          url: `${url}/alpha`,
          capabilities: { idempotent: true, push: true },
          limits,
          callbackSecret: 'alpha-callback-secret',
        },
        {
          name: 'beta',
          adapter: 'reference',
          url: `${url}/beta`,
          capabilities: { idempotent: false },
          limits,
        },
      ]),
    };
    await stack.startRole('simulator');
    await Promise.all(
      (['orchestrator', 'tms', 'relay', 'consumers', 'api'] as const).map((role) =>
        stack.startRole(role, env),
      ),
    );
    const { address, namespace } = stack.config.temporal;
    const connection = await Connection.connect({ address });
    const platform = new Platform(stack, new Client({ connection, namespace }), options);
    await platform.loadFleet();
    return platform;
  }

  async stop(): Promise<void> {
    await this.temporal.connection.close();
    await this.stack.stop();
  }

  private async loadFleet(): Promise<void> {
    const lines = this.options.fleet.flatMap(({ tms, terminals, model = 'A920' }, part) =>
      Array.from({ length: terminals }, (_, index) => {
        const tpeId = `0000000${part}-0000-4000-8000-${String(index).padStart(12, '0')}`;
        return `${tpeId},${tms}-${part}-${index},${tms},${model},Lyon-${index % 7},${OLD}`;
      }),
    );
    await this.addToFleet(lines);
  }

  /** @param lines `tpeId,idTms,tms,model,site,version` each */
  async addToFleet(lines: readonly string[]): Promise<void> {
    const csv = ['tpeId,idTms,tms,model,site,version', ...lines].join('\n');
    await this.call('POST', '/tpes/import', csv, 'text/csv');
    const registered = await fetch(`${this.simulator}/fleet`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: csv,
    });
    expect(registered.status).toBe(200);
  }

  /** Calls our HTTP API; anything but a success fails the test with what was answered. */
  async call<T>(method: string, path: string, body?: unknown, type = 'application/json'): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.stack.ports.api}/api/v1${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': type } }),
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  get simulator(): string {
    return `http://127.0.0.1:${this.stack.ports.simulatorTms}`;
  }

  async stats(): Promise<SimulatorStats> {
    return (await (await fetch(`${this.simulator}/stats`)).json()) as SimulatorStats;
  }

  /**
   * @param policy what it has beside the quick schedule
   * @param targets default all terminals
   * @returns the campaign's id
   */
  async launch(
    deadlineSeconds = 40,
    policy: Record<string, unknown> = {},
    targets: Record<string, unknown> = { all: true },
  ): Promise<string> {
    const { campaignId } = await this.call<{ campaignId: string }>('POST', '/campaigns', {
      targetVersion: TARGET,
      targets,
      policy: {
        polling: { windows: [{ everySeconds: this.options.lookEverySeconds ?? 2, attempts: 100 }] },
        deadlineSeconds,
        progressEverySeconds: 0.5,
        // What these tests let go wrong is more than the default threshold stands.
        failureThreshold: null,
        ...policy,
      },
    });
    return campaignId;
  }

  campaign(campaignId: string): Promise<CampaignView> {
    return this.call<CampaignView>('GET', `/campaigns/${campaignId}`);
  }

  progress(campaignId: string): Promise<CampaignProgress> {
    return this.temporal.workflow.getHandle(campaignWorkflowId(campaignId)).query(progressQuery);
  }

  async untilEnded(campaignId: string): Promise<CampaignView> {
    let view = await this.campaign(campaignId);
    await until(async () => {
      view = await this.campaign(campaignId);
      return ['COMPLETED', 'CANCELLED', 'ABORTED'].includes(view.status);
    });
    return view;
  }

  /**
   * Every terminal is final, and Postgres, the `progress` query, the compacted topic and what the terminals
   * really run say the same; no terminal was updated twice.
   */
  async expectAgreement(campaignId: string): Promise<StatusCounts> {
    const { status, counts, total } = await this.campaign(campaignId);
    expect(status).toMatch(/COMPLETED|CANCELLED|ABORTED/);
    expect(counts).not.toHaveProperty('PENDING');
    expect(counts).not.toHaveProperty('REQUESTED');
    expect(counts).not.toHaveProperty('INSTALLING');
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(total);

    expect((await this.temporal.workflow.getHandle(campaignWorkflowId(campaignId)).result()).counts).toEqual(
      counts,
    );
    expect((await this.progress(campaignId)).counts).toEqual(counts);

    let statuses = new Map<string, TpeStatus>();
    await until(async () => {
      statuses = await this.statusesOnKafka(campaignId);
      return statuses.size === total && [...statuses.values()].every((value) => value in counts);
    });
    expect(countValues(statuses)).toEqual(counts);

    const response = await fetch(`${this.simulator}/terminals`);
    const { terminals } = (await response.json()) as { terminals: TerminalTruth[] };
    const updated = terminals.filter(({ version }) => version === TARGET).map(({ tpeId }) => tpeId);
    const succeeded = [...statuses].flatMap(([tpeId, value]) => (value === 'SUCCESS' ? [tpeId] : []));
    // A terminal that timed out may yet come round; one that is called a success must have.
    expect(updated).toEqual(expect.arrayContaining(succeeded));
    expect((await this.stats()).duplicates).toBe(0);
    return counts;
  }

  /** What the compacted status topic says of each terminal of a campaign. */
  private async statusesOnKafka(campaignId: string): Promise<Map<string, TpeStatus>> {
    const { latest } = await readTopic(this.stack.config, 'tpe.update.status');
    const statuses = new Map<string, TpeStatus>();
    for (const [key, { data }] of latest) {
      const [campaign, tpeId] = key.split('|');
      if (campaign === campaignId && tpeId) statuses.set(tpeId, (data as { status: TpeStatus }).status);
    }
    return statuses;
  }
}

function countValues(statuses: ReadonlyMap<string, TpeStatus>): StatusCounts {
  const counts: StatusCounts = {};
  for (const status of statuses.values()) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Waits for something to become true; the test's own time limit ends what never does. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(100);
}
