/** What a command reads: a file, or stdin where it is given as `-`. */
import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { EXIT, failure } from './http.ts';

/** @throws CliError a file that can't be read is a mistake in the command line */
export async function requireReadable(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
  } catch (error) {
    throw failure(EXIT.usage, "The file can't be read", (error as Error).message, error);
  }
}

/** @throws CliError if it can't be read */
export async function openInput(file: string): Promise<Readable> {
  if (file === '-') return process.stdin;
  await requireReadable(file);
  return createReadStream(file);
}

/** @throws CliError if it can't be read */
export async function readInput(file: string): Promise<string> {
  return text(await openInput(file));
}

/** @throws CliError if it can't be read or is no UTF-8, for what must be sent exactly as it is in the file */
export async function readExactInput(file: string): Promise<string> {
  const bytes = await buffer(await openInput(file));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw failure(EXIT.usage, 'The value is no text', `${nameOf(file)} is not UTF-8.`, error);
  }
}

/** @throws CliError if it can't be read or is no JSON */
export async function readJsonInput(file: string): Promise<unknown> {
  const content = await readInput(file);
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    const detail = `${nameOf(file)}: ${(error as Error).message}`;
    throw failure(EXIT.usage, 'The file is not valid JSON', detail, error);
  }
}

/** An object with more members; what is no object stays as it is, for the API to refuse. */
export function withMembers(value: unknown, members: object): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? { ...value, ...members } : value;
}

function nameOf(file: string): string {
  return file === '-' ? 'stdin' : file;
}
