/**
 * The entry of every npm script that starts something: `node stack/bootstrap.mjs ENTRY.ts [ARGUMENTS]`.
 *
 * Plain JavaScript for the Node that the machine brings. It installs the dependencies where they are missing or
 * out of date, then runs the entry under the Node that package.json pins, and ends as that ends. Without an
 * entry it only installs.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;
const root = fileURLToPath(new URL('../', import.meta.url));
const modules = join(root, 'node_modules');
const stamp = join(modules, '.installed-lock');
const pinnedNode = join(modules, 'node', 'bin', 'node');

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  fail(
    `Node ${OLDEST_NODE} or later is needed, this is ${process.version}.`,
    'Install a newer one from nodejs.org.',
  );
}
if (!isInstalled()) await installAlone();
if (!existsSync(pinnedNode)) {
  fail(
    `The pinned Node is missing at ${pinnedNode}.`,
    'npm did not run its install script: run "npm rebuild node".',
  );
}
const [entry, ...args] = process.argv.slice(2);
if (entry !== undefined) await runEntry(join(root, entry), args);

/** Whether node_modules is what package-lock.json says. */
function isInstalled() {
  try {
    return readFileSync(stamp, 'utf8') === lockHash();
  } catch {
    return false;
  }
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/** Installs, unless another process is just doing it: two at once would spoil each other's work. */
async function installAlone() {
  mkdirSync(join(root, '.data'), { recursive: true });
  const lock = join(root, '.data', 'install.lock');
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = Number(readFileSync(lock, 'utf8'));
    if (holder > 0 && !isRunning(holder)) rmSync(lock, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const failure = isInstalled() ? null : install();
  rmSync(lock, { force: true });
  if (failure) fail(...failure);
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** What went wrong and what to do; null when it is done. */
function install() {
  process.stderr.write('… Installing the dependencies, about a minute the first time\n');
  const started = Date.now();
  // Not "npm ci": it refuses where a registry lacks the optional packages of other platforms.
  const options = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const [command, before] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const { status, error } = spawnSync(command, [...before, ...options], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (error?.code === 'ENOENT')
    return ['npm is not on PATH.', 'Install Node together with npm from nodejs.org.'];
  if (status !== 0) return ['npm install failed; its messages are above.', 'Put that right and try again.'];
  writeFileSync(stamp, lockHash());
  process.stderr.write(`✔ Dependencies installed (${Math.round((Date.now() - started) / 1000)} s)\n`);
  return null;
}

/** Runs a file under the pinned Node, with our streams, signals and exit status. */
async function runEntry(file, entryArgs) {
  const child = spawn(pinnedNode, [file, ...entryArgs], {
    // The pinned Node also for what the entry starts by name, and the channel tells it when we are gone.
    env: { ...process.env, PATH: `${join(modules, '.bin')}:${process.env.PATH}` },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends its Ctrl-C to all of us by itself.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  const parents = lineage();
  if (process.env.npm_lifecycle_event) {
    // npm was killed: nobody is left who could be told to stop.
    setInterval(() => lineage() !== parents && child.kill('SIGTERM'), 1000).unref();
  }
  await new Promise((resolve) => {
    child.once('error', (error) =>
      fail(`${pinnedNode} can't be run: ${error.message}`, 'Run "npm rebuild node".'),
    );
    child.once('exit', (code, signal) => {
      process.exitCode = code ?? 128 + (signal === 'SIGINT' ? 2 : signal === 'SIGTERM' ? 15 : 9);
      resolve(undefined);
    });
  });
  if (child.connected) child.disconnect();
}

/** Who has started us: npm, or the shell that npm has put between, and then npm. */
function lineage() {
  try {
    // "1234 (sh) S 1230 …"
    const [, grandparent] = /\) \S+ (\d+)/.exec(readFileSync(`/proc/${process.ppid}/stat`, 'utf8')) ?? [];
    return `${process.ppid} ${grandparent}`;
  } catch {
    return String(process.ppid);
  }
}

function fail(message, remedy) {
  process.stderr.write(`error: ${message}\n  ${remedy}\n`);
  process.exit(1);
}
