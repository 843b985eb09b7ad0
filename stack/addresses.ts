import type { Stack } from './stack.ts';

/** Where to look at a running stack: lines of a name and an address. */
export function addresses({ ports, env, dataDir }: Stack): [string, string][] {
  const api = `http://127.0.0.1:${ports.api}`;
  const metrics = (['api', 'orchestrator', 'tms', 'relay', 'consumers'] as const).map(
    (role) => `${role} :${ports[role]}`,
  );
  return [
    ['Console', `${api}/`],
    ['API', `${api}/api/v1`],
    ['API documentation', `${api}/api/v1/docs`],
    ['Temporal Web UI', env.TEMPORAL_UI_URL ?? ''],
    ['Metrics', `http://127.0.0.1:PORT/metrics of ${metrics.join(', ')}`],
    ['PostgreSQL', env.DATABASE_URL ?? ''],
    ['Kafka', env.KAFKA_BROKERS ?? ''],
    ['Logs', `${dataDir}/logs`],
  ];
}

/** Two columns, as text. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
}
