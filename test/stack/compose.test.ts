import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../config.ts';
import { nodeArgs, ROLES } from '../../stack/roles.ts';
import { VERSIONS } from '../../stack/versions.ts';
import { readSimulatorConfig } from '../../tms/simulator/config.ts';

interface Service {
  image: string;
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }> | string[];
  network_mode?: string;
}

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);

/** A value with the defaults of its variables. */
const substituted = (value: string): string => value.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');

describe('docker-compose.yml', () => {
  test.each(services)('%s has an image of one fixed version', (_, { image }) => {
    expect(image).toMatch(/:v?\d+\.\d+(\.\d+)?$/);
  });

  test('runs the versions that the embedded stack runs', () => {
    expect(compose.services).toMatchObject({
      temporal: { image: `temporalio/auto-setup:${VERSIONS.temporalServer}` },
      'temporal-ui': { image: `temporalio/ui:${VERSIONS.temporalUi}` },
      kafka: { image: `apache/kafka:${VERSIONS.kafka}` },
    });
    const { devDependencies } = JSON.parse(read('package.json')) as {
      devDependencies: Record<string, string>;
    };
    expect(read('stack/Dockerfile').match(/^FROM (\S+)/gm)).toEqual(
      Array(3).fill(`FROM node:${devDependencies.node}-bookworm-slim`),
    );
  });

  test('opens no port to other machines', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test.each(ROLES.map((role) => [role]))(
    'runs the role %s from a file that exists, as the stack does, under a health check',
    (role) => {
      const service = compose.services[role];
      const at = service?.command?.findIndex((part) => !part.startsWith('--')) ?? 0;
      expect(existsSync(join(ROOT, service?.command?.[at] ?? 'missing'))).toBe(true);
      expect(service?.command?.slice(0, at)).toEqual(nodeArgs(role));
      expect(service?.healthcheck?.test[0]).toBe('CMD');
    },
  );

  test.each(ROLES.filter((role) => role !== 'simulator').map((role) => [role]))(
    'gives the role %s a configuration that it takes',
    (role) => {
      const environment = compose.services[role]?.environment ?? {};
      const env = Object.fromEntries(
        Object.entries(environment).map(([name, value]) => [name, substituted(value)]),
      );
      const tmsConfig = env.TMS_CONFIG?.replace('/app', ROOT);
      const config = loadConfig({ ...env, TMS_CONFIG: tmsConfig });
      expect(config.temporal.address).toBe('temporal:7233');
      expect(config.kafka.brokers).toEqual(['kafka:19092']);
      expect(new URL(config.database.url).host).toBe('postgres:5432');
    },
  );

  test('has the worker of the TMSs where the simulator listens', () => {
    expect(compose.services.tms?.network_mode).toBe('service:simulator');
    const { tms } = readSimulatorConfig(join(ROOT, 'stack/compose/simulator.json'));
    const called = loadConfig({}).tms;
    expect(tms.map(({ name }) => name)).toEqual(called.map(({ name }) => name));
    for (const vendor of tms) {
      if (vendor.callbacks) expect(new URL(vendor.callbacks.url).host).toBe('api:8080');
    }
  });

  test('mounts files that exist and volumes that are declared', () => {
    for (const volume of services.flatMap(([, service]) => service.volumes ?? [])) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('./')) expect(existsSync(join(ROOT, source)), source).toBe(true);
      else if (!source.startsWith('/')) expect(compose.volumes).toHaveProperty(source);
    }
  });

  test('waits only for services that exist', () => {
    for (const [, { depends_on: dependencies = {} }] of services) {
      const names = Array.isArray(dependencies) ? dependencies : Object.keys(dependencies);
      for (const name of names) expect(compose.services).toHaveProperty(name);
    }
  });

  test.each([
    ['stack/compose/prometheus.yml'],
    ['stack/compose/loki.yml'],
    ['stack/compose/grafana/datasources.yml'],
  ])('%s can be read as YAML', (path) => {
    expect(parse(read(path))).toBeTypeOf('object');
  });
});
