import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { firstOf, type FetchContext } from './fetching.ts';
import { copyJars, findJava } from './java.ts';
import { VERSIONS } from './versions.ts';

const LABEL = 'the time-skipping Temporal test server';

/**
 * The path of an executable that runs the time-skipping test server on the port that it is given:
 * `server.executable = { type: 'existing-path', path }` of the Temporal SDK's test environment.
 */
export async function findTestServer(context: FetchContext): Promise<string> {
  const version = VERSIONS.temporalTestServer;
  return firstOf(LABEL, 'Install Maven and a JDK (Debian: apt install maven).', [
    {
      name: 'Maven',
      get: async () => {
        const java = await findJava(LABEL);
        const dir = await cached(`temporal-test-server-${version}`, async (target) => {
          context.task.update(`Fetching ${LABEL} ${version}, first time only`);
          const found = await copyJars(
            [`io.temporal:temporal-test-server:${version}`, `org.slf4j:slf4j-simple:${VERSIONS.slf4j}`],
            target,
            context,
          );
          if (!found) throw new Error('mvn is not on PATH');
          const wrapper = join(target, 'temporal-test-server');
          // exec, so that the process which is killed is the server itself.
          await writeFile(
            wrapper,
            `#!/bin/sh\nexec "\${JAVA_HOME:+$JAVA_HOME/bin/}java" -Dorg.slf4j.simpleLogger.defaultLogLevel=error ` +
              `-Xmx256m -cp "$(dirname "$0")/*" io.temporal.testserver.TestServer "$1"\n`,
          );
          await chmod(wrapper, 0o755);
        });
        return java ? join(dir, 'temporal-test-server') : null;
      },
    },
  ]);
}
