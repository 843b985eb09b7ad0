/** One campaign on a cluster: run it, break the cluster meanwhile, and judge what came of it. */
import { randomUUID } from 'node:crypto';
import { loadConfig } from '../../config.ts';
import type { CampaignCreated } from '../../cli/types.ts';
import { readTopic } from '../../events/consume.ts';
import type { TopicName } from '../../events/topics.ts';
import { importFleet } from '../demo-fleet.ts';
import { followCampaign } from '../demo-progress.ts';
import { collectResult, type DemoResult, shortcomings } from '../demo-result.ts';
import { untilIdle } from '../settle.ts';
import type { Cluster } from './cluster.ts';
import { type CostsPerTerminal, costsPerTerminal, readCounters, readWorkflows } from './costs.ts';
import { FailoverApi } from './failover-api.ts';
import { type Kill, killOneOfEach } from './kill.ts';
import { CLUSTER_REQUEST } from './scenario.ts';
import {
  countOpenWorkflows,
  describeVerdict,
  judgeMessages,
  type KafkaVerdict,
  readTerminals,
} from './verdict.ts';

export interface TrialOptions {
  /** CSV file of the terminals, which the simulator knows. */
  fleet: string;
  /** Kills one process of each kind while the campaign runs. */
  kill: boolean;
  signal: AbortSignal;
  /** Where people read how it goes. */
  out: NodeJS.WriteStream;
}

/** What a trial ends with; one line of JSON. */
export type TrialResult = { scenario: 'cluster' } & DemoResult & {
    kafka: KafkaVerdict;
    openWorkflows: number;
    /** Empty without `kill`. */
    kills: Kill[];
    /** Null with `kill`: a process that begins anew has lost its counters. */
    costs: CostsPerTerminal | null;
    /** What did not go as it must, as sentences. */
    problems: string[];
  };

const OUR_TOPICS = [
  'tpe.update.command',
  'tpe.update.status',
  'tpe.version.snapshot',
] as const satisfies TopicName[];
/** Thousands of messages, through brokers that may just have come back. */
const READ = { timeoutMs: 120_000 };

export async function runTrial(cluster: Cluster, options: TrialOptions): Promise<TrialResult> {
  const { signal, out } = options;
  const note = (text: string): void => void out.write(`  ${text}\n`);
  const api = new FailoverApi(cluster.apis);
  await importFleet(api, options.fleet);
  await untilIdle(signal);
  const before = options.kill ? null : await readCounters(cluster);
  const requestedAt = Date.now();
  const { campaignId } = await api.call<CampaignCreated>('campaigns', {
    method: 'POST',
    body: CLUSTER_REQUEST,
    headers: { 'idempotency-key': randomUUID() },
  });
  const [campaign, kills] = await Promise.all([
    followCampaign(api, campaignId, out, { live: false, signal }),
    options.kill ? killOneOfEach(cluster, requestedAt, note, signal) : [],
  ]);
  const config = loadConfig(cluster.stack.env);
  const demo = await collectResult(campaign, requestedAt, cluster.stack, config);
  const topics = await Promise.all(OUR_TOPICS.map((name) => readTopic(config, name, READ)));
  const records = topics.map((topic) => topic.records.filter(({ key }) => key.startsWith(campaignId)));
  const kafka = judgeMessages(campaignId, records[1] ?? [], await readTerminals(config, campaignId));
  const openWorkflows = await countOpenWorkflows(config, campaignId);
  const after = before && (await readCounters(cluster));
  const traces = { kafkaMessages: records.flat().length, ...(await readWorkflows(config, campaignId)) };
  return {
    scenario: 'cluster',
    ...demo,
    kafka,
    openWorkflows,
    kills,
    costs: before && after && costsPerTerminal(before, after, traces, demo.terminals),
    problems: [...shortcomings(demo), ...describeVerdict(kafka, openWorkflows)],
  };
}
