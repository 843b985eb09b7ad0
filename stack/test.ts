/**
 * `npm test [-- FILTER … OPTIONS]`: runs vitest, whose global setup gets and starts what the tests need. The last
 * line is "N passed, N failed", with ", N skipped" where there are any.
 */
import { createVitest, parseCLI, type TestModule } from 'vitest/node';
import { runLauncher } from './launcher.ts';

await runLauncher(async ({ signal }) => {
  const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
  const vitest = await createVitest('test', { ...options, watch: false });
  signal.addEventListener('abort', () => void vitest.cancelCurrentRun('keyboard-input'));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    const { testModules, unhandledErrors } = await vitest.start(filter);
    for (const module of testModules) countModule(module, counts);
    counts.failed += unhandledErrors.length;
    if (testModules.length === 0) counts.failed++;
  } catch (error) {
    // Also where no file matches, and where the parts could not be had.
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    counts.failed++;
  }
  await vitest.close();
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed${skipped}\n`);
  return counts.failed > 0 || signal.aborted ? 1 : 0;
});

function countModule(module: TestModule, counts: { passed: number; failed: number; skipped: number }): void {
  let failed = false;
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === 'passed') counts.passed++;
    else if (state === 'failed') counts.failed++;
    else counts.skipped++;
    failed ||= state === 'failed';
  }
  // A file that can't be loaded, or whose hooks fail, has no failed test of its own.
  if (module.state() === 'failed' && !failed) counts.failed++;
}
