/** Something that the person who started the stack can put right: what is wrong, and the remedy. */
export class StackError extends Error {
  override name = 'StackError';
  /** What to do about it, as a sentence. */
  readonly remedy: string | undefined;
  /** The last lines of the log of the part that failed. */
  readonly log: string | undefined;

  constructor(message: string, details: { remedy?: string; log?: string; cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.remedy = details.remedy;
    this.log = details.log;
  }
}

/** The error as text for a terminal: the log's end first, so that what to do is the last thing read. */
export function describeError(error: unknown): string {
  if (!(error instanceof StackError)) {
    return `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  const log = error.log ? `${error.log.trimEnd()}\n\n` : '';
  return `${log}error: ${error.message}${error.remedy ? `\n  ${error.remedy}` : ''}`;
}
