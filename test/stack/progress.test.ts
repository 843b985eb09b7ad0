import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { terminalProgress } from '../../stack/progress.ts';

/** A stream as a process has it on a terminal of this width, and what was written to it. */
function terminal(properties: { isTTY?: boolean; columns?: number }) {
  const stream = new PassThrough();
  const methods = { clearLine: () => true, cursorTo: () => true, moveCursor: () => true };
  const written = (): string => (stream.read() as Buffer | null)?.toString() ?? '';
  return { stream: Object.assign(stream, properties, methods) as unknown as NodeJS.WriteStream, written };
}

test.each([
  ['where there is no terminal', {}],
  ['on a terminal that tells no width', { isTTY: true, columns: 0 }],
])('%s progress is told in plain lines', (_, properties) => {
  const { stream, written } = terminal(properties);
  const progress = terminalProgress(stream);
  const task = progress.task('Looking for it');
  task.update('Building it, 2–3 min');
  task.done('It runs');
  progress.note('It has ended');
  expect(written()).toMatch(
    /^… Looking for it\n… Building it, 2–3 min\n✔ It runs \(\d+\.\d s\)\n• It has ended\n$/,
  );
});

test('on a terminal what is under way is drawn over, and what is done stays', () => {
  const { stream, written } = terminal({ isTTY: true, columns: 80 });
  const progress = terminalProgress(stream);
  const [first, second] = [progress.task('Starting one'), progress.task('Starting two')];
  first.done('One runs');
  second.drop();
  const text = written();
  expect(text).toMatch(/Starting one .*Starting two/s);
  expect(text).toMatch(/✔ One runs \(0\.\d s\)\n/);
  expect(text).not.toContain('… Starting');
});
