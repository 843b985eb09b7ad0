/**
 * Every way in which the API refuses: one registry with a stable code, the HTTP status and a title. The code
 * makes the problem's `type` (`/problems/<code>`), which callers may rely on.
 */
interface ProblemKind {
  status: number;
  title: string;
  /** When it happens and what to do about it; shown in the documentation. */
  description: string;
}

export const PROBLEMS = {
  'malformed-json': {
    status: 400,
    title: 'The body is not valid JSON',
    description: 'The body can not be parsed. `detail` says where.',
  },
  'invalid-request': {
    status: 400,
    title: 'The request can not be understood',
    description: 'The request line, its path or its encoding is broken.',
  },
  'invalid-parameters': {
    status: 400,
    title: 'A parameter is not valid',
    description:
      'A query parameter, a part of the path or a header is unknown or has a wrong value; `errors` names each.',
  },
  'invalid-signature': {
    status: 401,
    title: 'The signature is not valid',
    description:
      'A call-back without a signature, with one of another secret or of another body, or too old.',
  },
  'callbacks-not-configured': {
    status: 403,
    title: 'This TMS does not call back',
    description: 'The TMS has no `callbackSecret` in the configuration, so nothing it says can be verified.',
  },
  'approval-refused': {
    status: 403,
    title: 'The approval does not count',
    description:
      'Four eyes: a campaign is approved by somebody with a name (`by`, or the header `X-Actor`) that is not the name of its author.',
  },
  'not-found': {
    status: 404,
    title: 'There is no such thing',
    description:
      'No campaign, terminal, TMS, group, policy template, dead letter or message schema has this id or name.',
  },
  'route-not-found': {
    status: 404,
    title: 'There is no such address',
    description: 'The path is none of this API; `/api/v1/docs` lists them.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'The method is not allowed here',
    description: 'The path exists; the header `Allow` lists its methods.',
  },
  'terminals-busy': {
    status: 409,
    title: 'Terminals are still being updated by another campaign',
    description:
      'A terminal is in at most one campaign at a time. `errors` names some of them and their campaigns: wait, cancel that campaign, or leave them out. Nothing was created, changed or erased.',
  },
  'command-not-possible': {
    status: 409,
    title: 'The campaign can not take this command',
    description: 'The command does not fit the status of the campaign, for example because it has ended.',
  },
  'group-in-use': {
    status: 409,
    title: 'The group is used by another group',
    description:
      'Groups whose rules name it are in `usedBy`: change or delete them first. Nothing was deleted.',
  },
  'dead-letter-settled': {
    status: 409,
    title: 'It is decided about the dead letter already',
    description:
      'A letter is replayed once, and only an open one is discarded. A message that has failed again is a new letter.',
  },
  'import-conflict': {
    status: 409,
    title: 'The fleet changed during the import',
    description:
      'Another import changed the same terminals at the same time. Nothing was imported: try again.',
  },
  'replay-running': {
    status: 409,
    title: 'The projections are being made anew',
    description: 'A replay was asked for and has not ended. `GET /api/v1/projections` tells how far it is.',
  },
  'body-too-large': {
    status: 413,
    title: 'The body is too large',
    description: '`detail` gives the limit.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The media type is not supported',
    description: 'The header `Content-Type` or `Content-Encoding` is not what this address takes.',
  },
  'validation-failed': {
    status: 422,
    title: 'The body is not valid',
    description:
      'Fields are missing, unknown or have a wrong value; `errors` names each by its JSON pointer. At most 100 are listed.',
  },
  'dead-letter-not-replayable': {
    status: 422,
    title: 'The dead letter can not be published like this',
    description:
      '`why` says why, `detail` in words: `no-topic` (it belongs to no topic of ours), `truncated` (only the beginning of its value was kept: give another one), `empty` (neither value nor headers are left), `too-large` (give a smaller value), or `out-of-date` (something newer was published since). Nothing was published.',
  },
  'rule-invalid': {
    status: 422,
    title: 'The rule can not be understood',
    description:
      '`errors` names the place of the rule in the body and what is wrong. `rule` is its text; `line` and `column`, from 1, and `offset`, from 0, are those of the fault, which is `length` characters long.',
  },
  'unknown-terminals': {
    status: 422,
    title: 'Terminals are not in the fleet',
    description: 'Some of `targets.tpeIds` are unknown; `errors` names some of them. Nothing was created.',
  },
  'empty-targets': {
    status: 422,
    title: 'No terminal is selected',
    description: 'The targets name no terminal of the fleet. Nothing was created.',
  },
  'unknown-template': {
    status: 422,
    title: 'There is no such policy template',
    description:
      'No policy template has this name, or it has no such version. `GET /api/v1/policy-templates` lists them. Nothing was created.',
  },
  'tms-not-configured': {
    status: 422,
    title: 'Terminals belong to a TMS that is not configured',
    description:
      'The platform has no adapter for the TMS of some listed terminals; `errors` names them. Nothing was created.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The idempotency key belongs to another request',
    description: 'The key was used with another body. Use a new key for a new request.',
  },
  'import-refused': {
    status: 422,
    title: 'The file has errors',
    description:
      '`errors` gives the line, the column and what is wrong, for at most 1,000 errors; `errorCount` is the number of all. Nothing was imported.',
  },
  'too-many-exports': {
    status: 429,
    title: 'Too many exports at a time',
    description:
      'Each export of events holds a connection to the database. Try again after the seconds in `Retry-After`.',
  },
  'internal-error': {
    status: 500,
    title: 'Something went wrong on our side',
    description: 'A defect. The log has the details under the correlation id of the answer.',
  },
  'temporal-unavailable': {
    status: 503,
    title: 'Temporal is not reachable',
    description: 'The command was not given. Try again after the seconds in `Retry-After`.',
  },
  'database-unavailable': {
    status: 503,
    title: 'The database is not reachable',
    description: 'Nothing was done. Try again after the seconds in `Retry-After`.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One fault of a request. Where it is, is told by exactly one of the first four, if it is anywhere. */
export interface ProblemItem {
  /** JSON pointer (RFC 6901) into the body. */
  pointer?: string;
  /** Name of the query or path parameter. */
  parameter?: string;
  header?: string;
  /** Line of an imported file, from 1. */
  line?: number;
  /** Column of an imported file, by its name; null if the whole line is meant. */
  column?: string | null;
  message: string;
}

export interface ProblemOptions {
  detail: string;
  errors?: ProblemItem[];
  /** Further members of the problem document. */
  extensions?: Record<string, unknown>;
  headers?: Record<string, string>;
}

/** A refusal: thrown anywhere below a route, answered as `application/problem+json`. */
export class Problem extends Error {
  override name = 'Problem';
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, options: ProblemOptions, cause?: unknown) {
    super(options.detail, { cause });
    this.code = code;
    this.options = options;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  /** The document of RFC 9457. `instance` is the path of the request. */
  toDocument(instance: string, correlationId: string): Record<string, unknown> {
    const { detail, errors, extensions } = this.options;
    return {
      type: `/problems/${this.code}`,
      title: PROBLEMS[this.code].title,
      status: this.status,
      detail,
      instance,
      correlationId,
      ...(errors && errors.length > 0 && { errors }),
      ...extensions,
    };
  }
}
