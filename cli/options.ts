/** What the commands have in common. */
import { InvalidArgumentError, type Command } from 'commander';
import { ApiClient } from './http.ts';

export interface CommonOptions {
  url: string;
  json?: boolean;
}

export const DEFAULT_URL = 'http://127.0.0.1:8080';

/** The client and the options of a command, those of its parents included. */
export function setup(command: Command): { api: ApiClient; options: CommonOptions } {
  const options = command.optsWithGlobals<CommonOptions>();
  return { api: new ApiClient(options.url), options };
}

/** Parses a whole number of at least 1. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}
