import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../config.ts';
import type { Config } from '../config.ts';
import { openDataDir } from '../stack/data-dir.ts';
import { startKafka, startPostgres, startTemporal } from '../stack/infrastructure.ts';
import { freePorts } from '../stack/ports.ts';
import { terminalProgress } from '../stack/progress.ts';
import { Supervisor } from '../stack/supervisor.ts';

/**
 * Runs `work` with a PostgreSQL server and a Kafka broker: those of `DATABASE_URL` and `KAFKA_BROKERS` where
 * they are set, else new ones on free ports, stopped and thrown away afterwards.
 * @param temporal with a Temporal server, too: that of `TEMPORAL_ADDRESS`, or a new one in memory
 */
export async function withServers<T>(work: (config: Config) => Promise<T>, temporal = false): Promise<T> {
  const config = loadConfig();
  const { DATABASE_URL: database, KAFKA_BROKERS: brokers, TEMPORAL_ADDRESS: given } = process.env;
  if (database && brokers && (given || !temporal)) return work(config);
  const folder = await mkdtemp(join(tmpdir(), 'tpe-bench-'));
  const dataDir = await openDataDir(join(folder, 'data'));
  const progress = terminalProgress();
  const supervisor = new Supervisor(dataDir, progress);
  const context = { supervisor, progress, ports: await freePorts(), dataDir: dataDir.path };
  try {
    const url = database ?? (await startPostgres(context));
    const broker = brokers ?? (await startKafka(context));
    const address =
      given || !temporal
        ? config.temporal.address
        : await startTemporal({ ...context, temporalInMemory: true });
    return await work({
      ...config,
      database: { ...config.database, url },
      kafka: { ...config.kafka, brokers: broker.split(',') },
      temporal: { ...config.temporal, address },
    });
  } finally {
    await supervisor.stop();
    dataDir.release();
    await rm(folder, { recursive: true, force: true });
  }
}
