/**
 * Runs once before all tests: gets the parts, and offers Temporal, PostgreSQL and Kafka to the test files, each
 * started when the first file asks for it. `test/support/stack.ts` is the other side.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../db/migrate.ts';
import { openDataDir } from '../../stack/data-dir.ts';
import { describeError } from '../../stack/errors.ts';
import {
  fetching,
  fetchInfrastructure,
  startKafka,
  startPostgres,
  startTemporal,
} from '../../stack/infrastructure.ts';
import { freePorts } from '../../stack/ports.ts';
import { silentProgress, terminalProgress } from '../../stack/progress.ts';
import { Supervisor } from '../../stack/supervisor.ts';
import { findTestServer } from '../../stack/test-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Executable of the time-skipping Temporal server. */
    testServerPath: string;
    /** Where the test files ask for the parts. */
    partsUrl: string;
  }
}

/** The database that each test file's own is copied from. */
export const TEMPLATE_DATABASE = 'tpe_template';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const progress = terminalProgress();
  const testServerPath = await fetching({ progress }, 'Looking for the test server', findTestServer);
  await fetchInfrastructure(progress);

  const folder = await mkdtemp(join(tmpdir(), 'tpe-test-'));
  const dataDir = await openDataDir(join(folder, 'data'));
  const supervisor = new Supervisor(dataDir, silentProgress);
  const context = {
    supervisor,
    progress: silentProgress,
    ports: await freePorts(),
    dataDir: dataDir.path,
    temporalInMemory: true,
  };
  const starters: Record<string, () => Promise<string>> = {
    temporal: () => startTemporal(context),
    postgres: async () => {
      const url = await startPostgres(context);
      await makeTemplate(url);
      return url;
    },
    kafka: () => startKafka(context),
  };
  const started = new Map<string, Promise<string>>();
  const parts = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    const address = started.get(name) ?? starters[name]?.() ?? Promise.reject(new Error(`no part ${name}`));
    started.set(name, address);
    address.then(
      (text) => response.end(text),
      (error: unknown) => response.writeHead(500).end(describeError(error)),
    );
  });
  // A part may take longer to start than Node lets a request wait.
  parts.requestTimeout = 0;
  await new Promise<void>((resolve) => parts.listen(0, '127.0.0.1', resolve));
  project.provide('testServerPath', testServerPath);
  project.provide('partsUrl', `http://127.0.0.1:${(parts.address() as AddressInfo).port}`);

  return async () => {
    parts.closeAllConnections();
    parts.close();
    await supervisor.stop();
    dataDir.release();
    await rm(folder, { recursive: true, force: true });
  };
}

async function makeTemplate(url: string): Promise<void> {
  const admin = new Client({ connectionString: url });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${TEMPLATE_DATABASE}`);
  await admin.end();
  const template = new URL(url);
  template.pathname = `/${TEMPLATE_DATABASE}`;
  await migrate(template.href);
}
