import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { kafkaProperties } from '../../stack/cluster/kafka.ts';
import { KILLED } from '../../stack/cluster/kill.ts';
import {
  assertServerPortsFree,
  clusterLayout,
  frontends,
  HOST,
  serverPorts,
} from '../../stack/cluster/layout.ts';
import { temporalConfig } from '../../stack/cluster/temporal-config.ts';
import { freePort, portsFrom } from '../../stack/ports.ts';
import { ROLES } from '../../stack/roles.ts';

interface ServerConfig {
  persistence: {
    numHistoryShards: number;
    datastores: Record<string, { sql: { databaseName: string; connectAddr: string; password: string } }>;
  };
  services: Record<string, { rpc: { grpcPort: number; membershipPort: number } }>;
}

const layout = clusterLayout();

describe('the layout', () => {
  it('gives every process ports of its own, which the embedded stack does not take either', () => {
    const own = serverPorts(layout).map(([port]) => port);
    expect(new Set(own).size).toBe(own.length);
    const { api, simulatorTms, simulatorHardware, orchestrator, tms, relay, consumers } = portsFrom({});
    for (const port of [api, simulatorTms, simulatorHardware, orchestrator, tms, relay, consumers]) {
      expect(own).not.toContain(port);
    }
  });

  it('moves every port by the offset', () => {
    const moved = serverPorts(clusterLayout(1_000));
    expect(moved).toEqual(serverPorts(layout).map(([port, owner]) => [port + 1_000, owner]));
  });

  it('has two of everything but what needs a majority, and what only waits', () => {
    const services = layout.temporal.map(({ service }) => service).sort();
    expect(services).toEqual([
      'frontend',
      'frontend',
      'history',
      'history',
      'matching',
      'matching',
      'worker',
    ]);
    expect(layout.kafka).toHaveLength(3);
    const roles = layout.roles.map(({ role }) => role);
    expect(roles.sort()).toEqual(
      ROLES.filter((role) => role !== 'simulator')
        .flatMap((role) => [role, role])
        .sort(),
    );
  });

  it('has one of each kind killed, whatever kinds there are', () => {
    const kinds = [
      ...layout.temporal.map(({ service }) => `temporal-${service}-1`),
      ...layout.roles.map(({ role }) => role),
      'kafka-1',
    ];
    expect([...KILLED].sort()).toEqual([...new Set(kinds)].sort());
  });

  it('names the process whose port is taken', async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => void server.listen(port, HOST, resolve));
    onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())));
    const taken = { ...layout, temporal: [], kafka: [], postgresPort: port };
    await expect(assertServerPortsFree(taken)).rejects.toThrow(`Port ${port}, for postgres, is taken.`);
  });
});

describe('the configuration of a process of Temporal', () => {
  const [, second] = layout.temporal.filter(({ service }) => service === 'history');
  if (!second) throw new Error('the layout has no second history');
  const config = temporalConfig({
    node: second,
    nodes: layout.temporal,
    postgresUrl: 'postgres://someone:se%3Acret@127.0.0.1:5433/',
  }) as ServerConfig;

  it('has its own ports, and names every service, without which their rings are not followed', () => {
    expect(Object.keys(config.services).sort()).toEqual(['frontend', 'history', 'matching', 'worker']);
    expect(config.services.history?.rpc).toMatchObject({
      grpcPort: second.rpcPort,
      membershipPort: second.membershipPort,
    });
  });

  it('has two databases on the server of the address, and 512 history shards', () => {
    expect(config.persistence.numHistoryShards).toBe(512);
    const databases = Object.values(config.persistence.datastores).map(({ sql }) => sql);
    expect(databases.map(({ databaseName }) => databaseName)).toEqual(['temporal', 'temporal_visibility']);
    for (const { connectAddr, password } of databases) {
      expect([connectAddr, password]).toEqual(['127.0.0.1:5433', 'se:cret']);
    }
  });
});

test('the frontends are what clients call', () => {
  expect(frontends(clusterLayout(100))).toEqual(['127.0.0.1:7333', '127.0.0.1:7343']);
});

test('a Kafka node needs two of three for every write, and votes with all of them', () => {
  const [, node] = layout.kafka;
  if (!node) throw new Error('the layout has no second Kafka node');
  const lines = kafkaProperties({ node, nodes: layout.kafka, dataDir: '/data' }).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'node.id=2',
      'controller.quorum.voters=1@127.0.0.1:9093,2@127.0.0.1:9095,3@127.0.0.1:9097',
      'listeners=PLAINTEXT://127.0.0.1:9094,CONTROLLER://127.0.0.1:9095',
      'log.dirs=/data/kafka-2',
      'min.insync.replicas=2',
      'transaction.state.log.min.isr=2',
      'offsets.topic.replication.factor=3',
    ]),
  );
});
