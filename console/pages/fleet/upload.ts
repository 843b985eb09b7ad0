/** Sends a file to the API and tells how much of it has gone: `fetch` does not. */
import { ApiProblem, ApiUnreachable } from '../../api/problem.ts';
import type { ImportResult, Problem } from '../../api/schema.ts';
import { reportReach } from '../../live/connection.ts';
import { $actor } from '../../state/actor.ts';

/** Headers have no other letters. */
const LATIN = /^[\x20-\x7e\xa0-\xff]+$/;

export interface Upload {
  /**
   * Fails with ApiProblem where the API refuses, ApiUnreachable where it does not answer; undefined where it was stopped.
   */
  done: Promise<ImportResult | undefined>;
  /** Once all has gone it may be imported whatever is done here: then this does nothing. */
  stop: () => void;
}

/** @param onProgress told of the share that has gone, 0 to 1 */
export function uploadFleet(file: Blob, onProgress: (share: number) => void): Upload {
  const request = new XMLHttpRequest();
  const done = new Promise<ImportResult | undefined>((resolve, reject) => {
    request.addEventListener('load', () => {
      try {
        resolve(readAnswer(request));
      } catch (error) {
        reject(error);
      }
    });
    request.addEventListener('error', () => reject(unreachable('The API does not answer.')));
    request.addEventListener('abort', () => resolve(undefined));
  });
  request.upload.addEventListener('progress', ({ loaded, total }) =>
    onProgress(total > 0 ? loaded / total : 1),
  );
  let gone = false;
  request.upload.addEventListener('load', () => {
    gone = true;
    onProgress(1);
  });
  request.open('POST', '/api/v1/tpes/import');
  request.setRequestHeader('content-type', 'text/csv');
  const actor = $actor.get();
  if (LATIN.test(actor)) request.setRequestHeader('x-actor', actor);
  request.send(file);
  const stop = (): void => {
    if (!gone) request.abort();
  };
  return { done, stop };
}

function readAnswer(request: XMLHttpRequest): ImportResult {
  const body = parse(request.responseText);
  if (request.status === 200) {
    reportReach(true);
    return body as ImportResult;
  }
  if (typeof body !== 'object' || body === null || !('correlationId' in body)) {
    throw unreachable(`An answer with status ${request.status} that is not of the API.`);
  }
  reportReach(true);
  throw new ApiProblem(body as Problem, Number(request.getResponseHeader('retry-after')) || undefined);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(words: string): ApiUnreachable {
  reportReach(false);
  return new ApiUnreachable(words);
}
