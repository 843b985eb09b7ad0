/**
 * Every metric of every process, on one registry. A name, its labels and its unit are a contract with
 * dashboards and alerts: change them together. Times are in seconds.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export const registry = new Registry();
collectDefaultMetrics({ register: registry });

const registers = [registry];

let stopAskedAt: number | undefined;

/** From now on the process finishes what is under way and then ends. */
export function noteStop(): void {
  stopAskedAt ??= performance.now();
}

export const shutdownSeconds = new Gauge({
  name: 'shutdown_seconds',
  help: 'Seconds for which the process has been stopping: finishing what is under way. 0 before it is asked to.',
  registers,
  collect() {
    this.set(stopAskedAt === undefined ? 0 : (performance.now() - stopAskedAt) / 1000);
  },
});

export const tmsRequestsTotal = new Counter({
  name: 'tms_requests_total',
  help: 'Calls to a TMS, by what was asked (request, observe, cancel, inventory) and how the call ended.',
  labelNames: ['tms', 'operation', 'outcome'] as const,
  registers,
});

export const tmsRequestDurationSeconds = new Histogram({
  name: 'tms_request_duration_seconds',
  help: 'Seconds that one call to a TMS took, waiting for its rate limit not included.',
  labelNames: ['tms', 'operation'] as const,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers,
});

export const tmsRetriesTotal = new Counter({
  name: 'tms_retries_total',
  help: 'Calls to a TMS that were turned away with 429 and made again.',
  labelNames: ['tms', 'operation'] as const,
  registers,
});

export const TMS_CIRCUIT_STATES = ['closed', 'half-open', 'open'] as const;

export const tmsCircuitState = new Gauge({
  name: 'tms_circuit_state',
  help: "1 for the state that the circuit breaker of this process's calls to a TMS is in, 0 for the others.",
  labelNames: ['tms', 'state'] as const,
  registers,
});

export const tmsCircuitOpenedTotal = new Counter({
  name: 'tms_circuit_opened_total',
  help: 'Times that the circuit breaker of a TMS was opened, by failures in a row or by a trial that failed.',
  labelNames: ['tms'] as const,
  registers,
});

/** The queue of a TMS as it is at the moment. */
export interface TmsQueue {
  /** Calls under way. */
  running: number;
  waiting: number;
  /** Most calls under way at once. */
  slots: number;
  /** No call is begun for a while: the TMS has asked for that. */
  held: boolean;
}

const tmsQueues = new Map<string, () => TmsQueue>();

/** Shows the queue of a TMS, which is asked at each scrape. @returns what ends that */
export function showTmsQueue(tms: string, read: () => TmsQueue): () => void {
  tmsQueues.set(tms, read);
  return () => {
    if (tmsQueues.get(tms) !== read) return;
    tmsQueues.delete(tms);
    for (const gauge of tmsQueueGauges) gauge.remove({ tms });
  };
}

function tmsQueueGauge(name: string, help: string, valueOf: (queue: TmsQueue) => number): Gauge<'tms'> {
  return new Gauge({
    name,
    help,
    labelNames: ['tms'] as const,
    registers,
    collect() {
      for (const [tms, read] of tmsQueues) this.set({ tms }, valueOf(read()));
    },
  });
}

const tmsQueueGauges = [
  tmsQueueGauge('tms_calls_running', 'Calls to a TMS under way.', ({ running }) => running),
  tmsQueueGauge('tms_calls_waiting', 'Calls to a TMS that wait for a place.', ({ waiting }) => waiting),
  tmsQueueGauge('tms_call_slots', 'Most calls to a TMS at once, in this process.', ({ slots }) => slots),
  tmsQueueGauge('tms_calls_held', '1 while calls are held back because a TMS has asked for it.', ({ held }) =>
    Number(held),
  ),
];

export const updateDurationSeconds = new Histogram({
  name: 'update_duration_seconds',
  help: "Seconds from a terminal's update request to its final status.",
  labelNames: ['tms', 'status'] as const,
  // A terminal is looked at after 5 to 60 minutes, then less often until 24 hours have passed.
  buckets: [1, 10, 60, 300, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 64_800, 86_400],
  registers,
});

export const campaignProgress = new Gauge({
  name: 'campaign_progress',
  help: 'Terminals of a running campaign, by status.',
  labelNames: ['campaign_id', 'status'] as const,
  registers,
});

export const campaignAlertsTotal = new Counter({
  name: 'campaign_alerts_total',
  help: 'Times that the rules of a campaign have found something to look at: threshold-reached, stalled.',
  labelNames: ['type'] as const,
  registers,
});

export const sagaStartedTotal = new Counter({
  name: 'saga_started_total',
  help: 'Updates of single terminals that were begun: each is a saga with its own compensation.',
  labelNames: ['tms'] as const,
  registers,
});

export const sagaCompensationTotal = new Counter({
  name: 'saga_compensation_total',
  help: 'Compensations of single terminals (cancel, retry, rollback), by how they ended.',
  labelNames: ['kind', 'outcome'] as const,
  registers,
});

export const sagaStepDurationSeconds = new Histogram({
  name: 'saga_step_duration_seconds',
  help: 'Seconds that one step of a saga took: dispatch of a batch, ask, retry, rollback, cancel, recording of a status.',
  labelNames: ['step', 'outcome'] as const,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  registers,
});

export const kafkaProducerMessagesTotal = new Counter({
  name: 'kafka_producer_messages_total',
  help: 'Messages handed to Kafka: acknowledged, failed (will be sent again), dead (refused for good).',
  labelNames: ['topic', 'outcome'] as const,
  registers,
});

export const kafkaDlqMessagesTotal = new Counter({
  name: 'kafka_dlq_messages_total',
  help: 'Messages put on the dead letter topic, by the topic that they were meant for or came from.',
  labelNames: ['topic', 'reason'] as const,
  registers,
});

export const kafkaProcessingDurationSeconds = new Histogram({
  name: 'kafka_processing_duration_seconds',
  help: 'Seconds from a committed event to its acknowledgement by Kafka (relay), or to the end of its handling (consumer).',
  labelNames: ['role', 'topic'] as const,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  registers,
});

export const ordersTotal = new Counter({
  name: 'orders_total',
  help: 'Orders of other systems for one terminal each: added, repeated, or the reason why they were refused.',
  labelNames: ['outcome'] as const,
  registers,
});

export const kafkaConsumerMessagesTotal = new Counter({
  name: 'kafka_consumer_messages_total',
  help: 'Messages that a consumer has come past: handled, repeated (had been handled before), dead; and retried, each time one is tried again.',
  labelNames: ['group', 'topic', 'outcome'] as const,
  registers,
});

export const kafkaConsumerLag = new Gauge({
  name: 'kafka_consumer_lag',
  help: 'Messages of a partition that its consumer group has not come past, as the member sees it that has the partition.',
  labelNames: ['group', 'topic', 'partition'] as const,
  registers,
});

export const deadLettersOpen = new Gauge({
  name: 'dead_letters_open',
  help: 'Dead letters that nobody has decided about.',
  registers,
});

export const outboxWaiting = new Gauge({
  name: 'outbox_waiting_messages',
  help: 'Outbox rows that Kafka has not acknowledged yet, of all lanes.',
  registers,
});

export const outboxOldestSeconds = new Gauge({
  name: 'outbox_oldest_message_seconds',
  help: 'Age in seconds of the oldest outbox row; 0 when there is none.',
  registers,
});

export const outboxLanesOwned = new Gauge({
  name: 'outbox_lanes_owned',
  help: 'Lanes of the outbox that this relay publishes; over all relays they add up to 8.',
  registers,
});

export const outboxBatchMessages = new Histogram({
  name: 'outbox_batch_messages',
  help: 'Messages per batch that the relay sends to Kafka.',
  buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000],
  registers,
});

export const projectionPosition = new Gauge({
  name: 'projection_position',
  help: 'Position of the last event that is in the projections.',
  registers,
});

export const projectionLagEvents = new Gauge({
  name: 'projection_lag_events',
  help: 'Events that are not in the projections yet, counted up to 100,000; the same on every projector.',
  registers,
});

export const projectionLagSeconds = new Gauge({
  name: 'projection_lag_seconds',
  help: 'Age in seconds of the oldest event that is not in the projections; 0 when there is none.',
  registers,
});

export const auditChainPosition = new Gauge({
  name: 'audit_chain_position',
  help: 'Events in the chain of the audit trail.',
  registers,
});

export const auditUnsealedEvents = new Gauge({
  name: 'audit_unsealed_events',
  help: 'Events that are not in the chain yet, counted up to 100,000.',
  registers,
});

export const auditSealingLagSeconds = new Gauge({
  name: 'audit_sealing_lag_seconds',
  help: 'Age in seconds of the oldest event that is not in the chain; 0 when there is none.',
  registers,
});

export const auditArchiveFailuresTotal = new Counter({
  name: 'audit_archive_failures_total',
  help: 'Times that a month of events could not be archived: it stays in the database, and is tried again.',
  registers,
});
