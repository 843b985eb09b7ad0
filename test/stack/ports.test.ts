import { createServer } from 'node:http';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { describeError } from '../../stack/errors.ts';
import { assertFree, freePorts, portsFrom } from '../../stack/ports.ts';

test('a taken port is one line that names the port, whose it is, and what changes it', async () => {
  const ports = await freePorts();
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    const server = createServer().listen(ports.postgres, host);
    await once(server, 'listening');
    const failure = await assertFree(ports, ['temporal', 'postgres']).catch((error: unknown) => error);
    server.close();
    await once(server, 'close');
    expect(describeError(failure)).toBe(
      `error: Port ${ports.postgres}, for PostgreSQL, is taken.\n` +
        '  Set POSTGRES_PORT to a free port, or move all ports by --port-offset N (STACK_PORT_OFFSET).',
    );
  }
  await assertFree(ports, ['temporal', 'postgres']);
});

test('a port that two parts want is refused before any of them starts', async () => {
  const ports = { ...(await freePorts()), kafka: 4711, api: 4711 };
  await expect(assertFree(ports, ['kafka', 'api'])).rejects.toThrow(
    'Port 4711 is wanted twice: for Kafka and the API.',
  );
});

test('every port comes from its variable and is moved by the offset', () => {
  const ports = portsFrom({ POSTGRES_PORT: '6000', API_PORT: '' }, 100);
  expect(ports).toMatchObject({ temporal: 7333, temporalUi: 8333, postgres: 6100, kafka: 9192, api: 8180 });
});

test.each([
  [{ KAFKA_PORT: 'many' }, 0, 'KAFKA_PORT=many with the port offset 0 is not a port.'],
  [{ KAFKA_PORT: '70000' }, 0, 'KAFKA_PORT=70000 with the port offset 0 is not a port.'],
  [{}, 60_000, 'TEMPORAL_PORT=7233 with the port offset 60000 is not a port.'],
])('what is no port is refused by the name of its variable: %j + %i', (env, offset, message) => {
  expect(() => portsFrom(env, offset)).toThrow(message);
});

test('free ports are free and all different', async () => {
  const ports = await freePorts();
  expect(new Set(Object.values(ports)).size).toBe(Object.keys(ports).length);
  const server = createServer().listen(ports.api, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
});
