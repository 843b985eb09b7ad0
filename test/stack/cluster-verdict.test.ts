import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { costsPerTerminal, sumOf } from '../../stack/cluster/costs.ts';
import { FailoverApi } from '../../stack/cluster/failover-api.ts';
import { describeVerdict, judgeMessages } from '../../stack/cluster/verdict.ts';

const CAMPAIGN = 'c1';

function message(tpeId: string, sequence: number, status: string, campaignId = CAMPAIGN) {
  return {
    key: `${campaignId}|${tpeId}`,
    headers: { ce_sequence: String(sequence) },
    value: Buffer.from(JSON.stringify({ status })),
  };
}

describe('judging what is on Kafka', () => {
  const story = [
    message('a', 0, 'PENDING'),
    message('b', 0, 'PENDING'),
    message('a', 1, 'REQUESTED'),
    message('b', 1, 'REQUESTED'),
    message('a', 2, 'SUCCESS'),
  ];
  const terminals = [
    { tpeId: 'a', status: 'SUCCESS', sequence: 2 },
    { tpeId: 'b', status: 'REQUESTED', sequence: 1 },
  ];

  it('finds nothing where each change of each terminal is there once, and other campaigns beside it', () => {
    const verdict = judgeMessages(CAMPAIGN, [...story, message('a', 7, 'FAILED', 'c2')], terminals);
    expect(verdict).toEqual({ messages: 5, repeats: 0, gaps: 0, differing: 0 });
    expect(describeVerdict(verdict, 0)).toEqual([]);
  });

  it.each([
    ['a message that is there twice', story.toSpliced(3, 0, message('a', 1, 'REQUESTED')), { repeats: 1 }],
    ['one that is missing', story.toSpliced(2, 1), { gaps: 1 }],
    ['one that comes too late', [...story.toSpliced(2, 1), message('a', 1, 'REQUESTED')], { gaps: 2 }],
    ['an outcome that was never published', story.slice(0, 4), { differing: 1 }],
    ['a terminal that is not there at all', story.filter(({ key }) => key.endsWith('a')), { differing: 1 }],
  ])('finds %s', (_, records, found) => {
    const verdict = judgeMessages(CAMPAIGN, records, terminals);
    expect(verdict).toMatchObject(found);
    expect(describeVerdict(verdict, 0)).not.toEqual([]);
  });

  it('does not pass over workflows that are still open', () => {
    expect(describeVerdict(judgeMessages(CAMPAIGN, story, terminals), 2)).toEqual([
      '2 workflows of the campaign are still open.',
    ]);
  });
});

describe('what a terminal costs', () => {
  it('sums the series of one metric that have a label, and no others', () => {
    const text = [
      '# TYPE service_requests counter',
      'service_requests{operation="A",service_name="frontend"} 3',
      'service_requests{operation="B",service_name="frontend"} 1e+06',
      'service_requests{operation="B",service_name="history"} 70',
      'service_requests_other{service_name="frontend"} 9',
    ].join('\n');
    expect(sumOf(text, 'service_requests{[^}]*service_name="frontend"')).toBe(1_000_003);
    expect(sumOf(text, 'nothing')).toBe(0);
  });

  it('is what was spent in between, divided by the terminals', () => {
    const counters = (each: number) => ({
      looks: each,
      frontendRequests: each,
      platformRows: each,
      platformCommits: each,
      temporalRows: each,
      temporalCommits: each,
    });
    const traces = { kafkaMessages: 30, workflows: 11, stateTransitions: 170, historyEvents: 200 };
    expect(costsPerTerminal(counters(100), counters(175), traces, 10)).toEqual({
      looksPerTerminal: 7.5,
      frontendRequestsPerTerminal: 7.5,
      platformRowsPerTerminal: 7.5,
      platformCommitsPerTerminal: 7.5,
      temporalRowsPerTerminal: 7.5,
      temporalCommitsPerTerminal: 7.5,
      kafkaMessagesPerTerminal: 3,
      workflowsPerTerminal: 1.1,
      stateTransitionsPerTerminal: 17,
      historyEventsPerTerminal: 20,
    });
  });
});

describe('an API of several processes', () => {
  /** Answers every call with a status. @returns its address, and how often it was called */
  async function answering(status: number): Promise<{ url: string; calls: () => number; server: Server }> {
    let calls = 0;
    const server = createServer((_, response) => {
      calls++;
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify({ title: 'answer', port: (server.address() as AddressInfo).port }));
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls, server };
  }

  it('reads from another one when one is away, and stays with that one', async () => {
    const [gone, there] = [await answering(200), await answering(200)];
    await new Promise((resolve) => void gone.server.close(resolve));
    const api = new FailoverApi([gone.url, there.url]);
    await api.call('campaigns');
    await api.call('campaigns');
    expect(there.calls()).toBe(2);
  });

  it('asks another one when one answers that what is behind it is away', async () => {
    const [ailing, there] = [await answering(503), await answering(200)];
    await new FailoverApi([ailing.url, there.url]).call('campaigns');
    expect([ailing.calls(), there.calls()]).toEqual([1, 1]);
  });

  it('sends a command a second time only where it has an idempotency key', async () => {
    const [ailing, there] = [await answering(503), await answering(200)];
    const api = new FailoverApi([ailing.url, there.url]);
    await expect(api.call('campaigns', { method: 'POST', body: {} })).rejects.toThrow('answer');
    expect(there.calls()).toBe(0);
    await api.call('campaigns', { method: 'POST', body: {}, headers: { 'idempotency-key': 'k' } });
    expect(there.calls()).toBe(1);
  });

  it('takes a refusal for an answer', async () => {
    const [refusing, there] = [await answering(404), await answering(200)];
    await expect(new FailoverApi([refusing.url, there.url]).call('campaigns/none')).rejects.toThrow('answer');
    expect(there.calls()).toBe(0);
  });
});
