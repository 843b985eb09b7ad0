/**
 * Keeps the workflows of a commit as a bundle that the tests of deployments run beside today's:
 *
 *     node test/versions/record-bundle.ts COMMIT
 *
 * To do for what was deployed last, when the commands of workflows are about to change; and for the same commit again
 * when the SDK's version changes, since a bundle holds the SDK's own half that runs inside workflows.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { recordBundle } from './bundles.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

const [commit] = process.argv.slice(2);
if (commit === undefined) {
  process.stderr.write('Of which commit? node test/versions/record-bundle.ts COMMIT\n');
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), 'tpe-bundle-'));
try {
  const archive = join(folder, 'workflows.tar');
  await run('git', ['archive', '--output', archive, commit, 'workflows'], { cwd: root });
  await run('tar', ['-xf', archive, '-C', folder]);
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const { stdout } = await run('git', ['log', '-1', '--format=%cs-%h', commit], { cwd: root });
  const file = await recordBundle(stdout.trim(), join(folder, 'workflows'));
  process.stdout.write(`${fileURLToPath(file)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
