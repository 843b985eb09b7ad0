/** Recorded histories: where they lie, a file each (`<workflow>-<scenario>.json`), and how they are written. */
import { temporal } from '@temporalio/proto';

const { History } = temporal.api.history.v1;
export type History = temporal.api.history.v1.IHistory;

export const HISTORIES = new URL('../histories/', import.meta.url);

/** The SDK's own conversion stumbles over the two versions of protobufjs in its dependencies. */
export function historyToText(history: History): string {
  return JSON.stringify(History.fromObject(history).toJSON());
}

export function historyFromText(text: string): History {
  return History.fromObject(JSON.parse(text) as History);
}
