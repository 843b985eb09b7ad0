import { request } from 'undici';
import type { ProcessSpec } from '../../stack/managed-process.ts';

/** A Node process that runs `script` and is ready when it answers over HTTP on `port`. */
export function nodeSpec(
  name: string,
  port: number,
  script = '',
  rest: Partial<ProcessSpec> = {},
): ProcessSpec {
  const serve = `require('node:http').createServer((_, response) => response.end('${name}')).listen(${port}, '127.0.0.1');`;
  return {
    name,
    label: name,
    command: process.execPath,
    args: ['-e', `${serve}${script}`],
    stage: 0,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    readyTimeoutMs: 30_000,
    check: async () => {
      const { body } = await request(`http://127.0.0.1:${port}/`);
      await body.text();
    },
    ...rest,
  };
}
