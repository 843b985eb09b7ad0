import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, type Call, CliError, EXIT } from '../../cli/http.ts';

/** Long enough for a killed process of the API to be back. */
const PATIENCE_MS = 60_000;

/** One API behind several addresses: a call goes to the next one when a process is away, as a load balancer does. */
export class FailoverApi extends ApiClient {
  readonly #clients: ApiClient[];
  #current = 0;

  /** @param urls at least one address, without `/api/v1` */
  constructor(urls: readonly string[]) {
    super(urls[0] ?? '');
    this.#clients = urls.map((url) => new ApiClient(url));
  }

  /**
   * As `ApiClient.call`. What may have been done although no answer came is not tried again: only reads are, and
   * what has an idempotency key.
   * @throws CliError when the API refuses, or when none of its processes answers for a minute
   */
  override async call<T>(path: string, call: Call = {}): Promise<T> {
    const repeatable = (call.method ?? 'GET') === 'GET' || call.headers?.['idempotency-key'] !== undefined;
    for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(200)) {
      try {
        return await this.#client().call<T>(path, call);
      } catch (error) {
        const away = error instanceof CliError && (error.exitCode === EXIT.unreachable || isDown(error));
        if (!away || !repeatable || Date.now() > deadline) throw error;
        this.#current++;
      }
    }
  }

  #client(): ApiClient {
    return this.#clients[this.#current % this.#clients.length] as ApiClient;
  }
}

/** 502 to 504: it runs, and something behind it does not. */
function isDown({ problem }: CliError): boolean {
  return problem.status !== undefined && problem.status >= 502 && problem.status <= 504;
}
