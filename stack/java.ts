import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StackError } from './errors.ts';
import type { FetchContext } from './fetching.ts';
import { onPath, run, versionOf } from './tools.ts';
import { isAtLeast, OLDEST_ACCEPTED } from './versions.ts';

/**
 * The `java` to run with: that of `JAVA_HOME`, else the one on PATH.
 * @throws StackError when there is none or it is too old
 */
export async function findJava(part: string): Promise<string> {
  const { JAVA_HOME } = process.env;
  const java = JAVA_HOME ? join(JAVA_HOME, 'bin', 'java') : await onPath('java');
  const version = java === null ? null : await versionOf(java, '-version');
  if (java !== null && version !== null && isAtLeast(version, OLDEST_ACCEPTED.java)) return java;
  const wanted = `Java ${Number.parseInt(OLDEST_ACCEPTED.java, 10)} or later`;
  throw new StackError(
    version === null
      ? `${part} needs ${wanted}, and there is none.`
      : `${part} needs ${wanted}, not ${version}.`,
    { remedy: `Install a JDK (Debian: apt install default-jdk-headless) or set JAVA_HOME.` },
  );
}

/** A Maven artifact: `group:artifact:version`. */
export type Artifact = `${string}:${string}:${string}`;

/**
 * Puts the jars of `artifacts` and all that they depend on into `dir`, by Maven.
 * @returns false when there is no `mvn` on PATH
 */
export async function copyJars(
  artifacts: readonly Artifact[],
  dir: string,
  context: FetchContext,
): Promise<boolean> {
  const mvn = await onPath('mvn');
  if (mvn === null) return false;
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  const pom = join(dir, 'pom.xml');
  await writeFile(
    pom,
    `<project><modelVersion>4.0.0</modelVersion><groupId>tpe</groupId><artifactId>jars</artifactId>` +
      `<version>1</version><dependencies>${dependencies.join('')}</dependencies></project>\n`,
  );
  await run(
    mvn,
    [
      '-B',
      '-q',
      '-f',
      pom,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${dir}`,
      '-DincludeScope=runtime',
    ],
    { signal: context.signal },
  );
  return true;
}
