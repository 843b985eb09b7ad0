import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { downloadArchive } from '../../stack/download.ts';
import { temporaryFolder } from './rig.ts';

let target: string;
let archive: Buffer;
beforeEach(() => {
  const source = temporaryFolder();
  mkdirSync(join(source, 'tool-1.0'));
  writeFileSync(join(source, 'tool-1.0', 'program'), 'it works');
  execFileSync('tar', ['-czf', 'tool.tgz', 'tool-1.0'], { cwd: source });
  archive = readFileSync(join(source, 'tool.tgz'));
  target = temporaryFolder();
});

/** A publisher of `tool.tgz` and of what it says that file's checksum is. */
async function publisher(checksums: string | null): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/tool.tgz') response.end(archive);
    else if (checksums === null) response.writeHead(404).end();
    else response.end(checksums);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const hash = (algorithm: 'sha256' | 'sha512'): string => createHash(algorithm).update(archive).digest('hex');

test('an archive is unpacked when its checksum stands in a list of several', async () => {
  const url = await publisher(`${'0'.repeat(64)}  other.tgz\n${hash('sha256')}  tool.tgz\n`);
  const checksums = { url: `${url}/checksums.txt`, algorithm: 'sha256' as const };
  await downloadArchive({ url: `${url}/tool.tgz`, checksums }, target);
  expect(readFileSync(join(target, 'tool-1.0', 'program'), 'utf8')).toBe('it works');
});

test('an archive is unpacked when its checksum is written in groups over several lines', async () => {
  const groups = hash('sha512').toUpperCase().match(/.{8}/g) ?? [];
  const url = await publisher(
    `tool.tgz: ${groups.slice(0, 8).join(' ')}\n          ${groups.slice(8).join(' ')}\n`,
  );
  const checksums = { url: `${url}/tool.tgz.sha512`, algorithm: 'sha512' as const };
  await downloadArchive({ url: `${url}/tool.tgz`, checksums }, target, { strip: 1 });
  expect(readFileSync(join(target, 'program'), 'utf8')).toBe('it works');
});

test.each([
  ['another checksum', `${'0'.repeat(64)}  tool.tgz\n`, 'its checksum is not the published one'],
  ['no checksum of this file', `${'0'.repeat(64)}  other.tgz extra\n`, 'no checksum of tool.tgz'],
  ['no checksums at all', null, 'HTTP status 404'],
])('with %s nothing is unpacked', async (_, published, reason) => {
  const url = await publisher(published);
  const checksums = { url: `${url}/checksums.txt`, algorithm: 'sha256' as const };
  await expect(downloadArchive({ url: `${url}/tool.tgz`, checksums }, target)).rejects.toThrow(
    `download of ${url}/tool.tgz failed: ${reason}`,
  );
  expect(readdirSync(target)).toEqual([]);
});
