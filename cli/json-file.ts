import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import { requireReadable } from './fleet.ts';
import { CliError, EXIT } from './http.ts';

/**
 * What a file of JSON holds; `-` is stdin.
 * @throws CliError if it can't be read or is no JSON: a mistake in the command line
 */
export async function readJsonFile(file: string): Promise<unknown> {
  if (file !== '-') await requireReadable(file);
  const content = await text(file === '-' ? process.stdin : createReadStream(file));
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    const detail = `${file === '-' ? 'stdin' : file}: ${(error as Error).message}`;
    throw new CliError(
      EXIT.usage,
      { type: 'about:blank', title: 'The file is not valid JSON', detail },
      error,
    );
  }
}
