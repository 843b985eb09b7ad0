/** The versions that the embedded stack runs. `docker-compose.yml` names the same ones; a test compares them. */
export const VERSIONS = {
  /** Later ones do not build by `go install`. */
  temporalCli: '1.5.1',
  /** The server and the Web UI in that CLI. */
  temporalServer: '1.29.1',
  temporalUi: '2.42.1',
  kafka: '4.3.1',
  /** The Scala version in Kafka's artifact name. */
  kafkaScala: '2.13',
  slf4j: '2.0.16',
  /** Of the line of slf4j that Kafka is built with: with a binding of 2.x it would log nothing. */
  slf4jOfKafka: '1.7.36',
  /** The time-skipping server that the workflow tests run against. */
  temporalTestServer: '1.38.0',
} as const;

/** What is found on PATH is used from these versions on; below them the pinned version is fetched. */
export const OLDEST_ACCEPTED = {
  temporalServer: '1.29.0',
  /** KRaft only from 4.0 on; the settings that we write are of that time. */
  kafka: '4.0.0',
  /** `CREATE DATABASE … STRATEGY` and the JSON functions that the migrations use. */
  postgres: '15.0',
  java: '17.0',
  go: '1.24',
} as const;

/** Whether dotted version `a` is `b` or later; what is not a number counts as 0. */
export function isAtLeast(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split(/[.-]/).map((part) => Number(part) || 0));
  for (let i = 0; i < Math.max(left?.length ?? 0, right?.length ?? 0); i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
