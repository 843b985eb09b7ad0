/** The image has no development dependencies: what it runs may not import one, however far away. */
import { readFileSync } from 'node:fs';
import { isBuiltin, stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const { dependencies, bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
  bin: Record<string, string>;
};
const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, { command?: string[] }>;
};

/** What our services run, files that are loaded before it too, our commands, and what the orchestrator bundles. */
const entries = Object.values(compose.services)
  .flatMap(({ command = [] }) => command)
  .map((word) => word.replace(/^--import=/, ''))
  .filter((word) => word.endsWith('.ts'))
  .concat(Object.values(bin), 'workflows/index.ts');

const IMPORTS =
  /^\s*(?:import|export)\b[^'";]*?\bfrom\s*'([^']+)'|^\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'/gm;

/** What a file imports when it runs: imports of types are no longer there. */
function importsOf(file: string): string[] {
  const code = stripTypeScriptTypes(readFileSync(file, 'utf8'));
  return [...code.matchAll(IMPORTS)].flatMap(([, ...names]) => names.filter((name) => name !== undefined));
}

/** @returns `package <- file` for each import of a package that the image does not have */
function missing(entry: string): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const name of importsOf(file)) {
      if (name.startsWith('.')) {
        if (name.endsWith('.ts')) visit(join(dirname(file), name));
        continue;
      }
      const [scope = '', inScope = ''] = name.split('/');
      const owner = scope.startsWith('@') ? `${scope}/${inScope}` : scope;
      if (!isBuiltin(name) && !(owner in dependencies)) found.push(`${name} <- ${relative(ROOT, file)}`);
    }
  };
  visit(join(ROOT, entry));
  return found;
}

describe('the image', () => {
  test('runs each of our processes', () => {
    for (const entry of ['api/main.ts', 'workers/orchestrator.ts', 'workers/tms.ts', 'cli/main.ts'])
      expect(entries).toContain(entry);
  });

  test.each([...new Set(entries)])('has all that %s imports', (entry) => {
    expect(missing(entry)).toEqual([]);
  });

  test('would lack what only tests import', () => {
    expect(missing('test/stack/production.test.ts')).toEqual(['vitest <- test/stack/production.test.ts']);
  });
});
