import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { tmsConfigSchema } from '../../config.ts';
import { createTmsAdapter } from '../../tms/registry.ts';
import { simulatorConfigSchema } from '../../tms/simulator/config.ts';
import { startSimulator } from '../../tms/simulator/simulator.ts';
import { describeTmsContract, type ContractTms } from './contract.ts';
import { startHttpFaultProxy } from '../support/http-fault-proxy.ts';

const TERMINALS = 120;

/** A simulated TMS whose operations take so long that none of them begins during a test. */
async function startTms(idempotent: boolean, bulk: boolean): Promise<ContractTms> {
  const simulator = await startSimulator(
    simulatorConfigSchema.parse({
      tms: [{ name: 'acme', idempotent, bulk, queueSeconds: { min: 3_600, max: 3_600 } }],
    }),
    { tmsPort: 0, hardwarePort: 0 },
  );
  const origin = `http://127.0.0.1:${simulator.tmsPort}`;
  const terminals = Array.from({ length: TERMINALS }, (_, index) => `T-${index} é/${index}`);
  await fetch(`${origin}/fleet`, {
    method: 'POST',
    body: JSON.stringify({
      terminals: terminals.map((idTms) => ({
        tpeId: randomUUID(),
        idTms,
        tms: 'acme',
        model: 'A920',
        site: 'Lyon-12',
        version: '4.1.0',
      })),
    }),
  });
  return { url: `${origin}/acme`, terminals, close: () => simulator.close() };
}

for (const idempotent of [true, false]) {
  for (const bulk of [true, false]) {
    const size = bulk ? 50 : 1;
    describeTmsContract(
      `the reference adapter, ${idempotent ? 'with' : 'without'} idempotency keys, ${bulk ? 'in bulk' : 'one by one'}`,
      {
        adapter: 'reference',
        capabilities: { idempotent, requestBulk: size, observeBulk: size, cancelBulk: size },
        start: () => startTms(idempotent, bulk),
      },
    );
  }
}

describe('a bulk answer of the reference protocol', () => {
  const operations = [
    { idTms: 'a', operationId: null },
    { idTms: 'b', operationId: null },
  ];
  const report = (idTms: string) => ({
    idTms,
    operationId: null,
    state: 'QUEUED',
    targetVersion: null,
    reason: null,
  });

  test.each([
    { title: 'with one result too few', idTms: ['a'] },
    { title: 'with one result too many', idTms: ['a', 'b', 'c'] },
    { title: 'in another order', idTms: ['b', 'a'] },
    { title: 'about another terminal', idTms: ['a', 'c'] },
  ])('$title is not believed', async ({ idTms }) => {
    const tms = await startTms(true, true);
    const proxy = await startHttpFaultProxy(tms.url);
    const adapter = createTmsAdapter(
      tmsConfigSchema.parse({ name: 'acme', adapter: 'reference', url: proxy.url }),
    );
    const body = JSON.stringify({ operations: idTms.map(report) });
    proxy.fault = { kind: 'instead', status: 200, body };
    await expect(adapter.observe(operations)).rejects.toMatchObject({ kind: 'protocol' });
    await adapter.close();
    await proxy.close();
    await tms.close();
  });
});

test('a TMS whose adapter does not exist is refused with the names of those that do', () => {
  const config = tmsConfigSchema.parse({ name: 'acme', adapter: 'acmee', url: 'http://127.0.0.1:1' });
  expect(() => createTmsAdapter(config)).toThrow(/acme names the adapter acmee; known adapters: .*reference/);
});
