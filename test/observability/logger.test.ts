import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { withoutUrlPasswords } from '../../observability/logger.ts';

const logger = fileURLToPath(new URL('../../observability/logger.ts', import.meta.url));

function log(statement: string): string {
  const script = `const { createLogger } = await import(${JSON.stringify(logger)});
    const log = createLogger({ logLevel: 'info' }, 'probe'); ${statement}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
  if (stderr.length > 0) throw new Error(stderr.toString());
  return stdout.toString();
}

test('a secret never reaches the log, however deep it stands', () => {
  const line = log(
    `log.info({ password: 'p1', a: { token: 'p2', b: { callbackSecret: 'p3', c: { authorization: 'p4' } } },
      headers: { 'set-cookie': 'p5', 'x-signature': 'p6' } }, 'seen');`,
  );
  expect(line).not.toMatch(/p[1-6]/);
  expect(line).toContain('"password":"[redacted]"');
});

test('a password inside the URL of an error is blanked and the line stays JSON', () => {
  const line = log(`log.error({ err: new Error('cannot reach postgres://ops:hunter2@db/tpe') }, 'down');`);
  expect(line).not.toContain('hunter2');
  expect(JSON.parse(line)).toMatchObject({
    level: 'error',
    name: 'probe',
    err: { message: 'cannot reach postgres://ops:[redacted]@db/tpe' },
  });
});

test('text without a password is left as it is', () => {
  const line = '{"url":"http://127.0.0.1:8080/api","at":"12:30","mail":"ops@bank.test"}';
  expect(withoutUrlPasswords(line)).toBe(line);
});
