import { request } from 'node:http';
import type { DockerAddress } from './docker-address.ts';

/** Names the data folder that a container works on. */
export const DATA_LABEL = 'bulkhead.data-folder';

/**
 * Removes the container of an earlier start that was killed: its guardian needs a moment, and two servers on one data
 * folder destroy it. The caller holds the folder's lock, so no living start owns what is found.
 */
export async function removeLeftoverContainers({
  address,
  dataFolder,
}: {
  address: DockerAddress;
  dataFolder: string;
}) {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${DATA_LABEL}=${dataFolder}`] }));
  const found = await call({ address, method: 'GET', path: `/containers/json?all=true&filters=${filters}` });
  for (const { Id } of JSON.parse(found) as { Id: string }[]) {
    await call({ address, method: 'POST', path: `/containers/${Id}/stop?t=2` });
    await call({ address, method: 'DELETE', path: `/containers/${Id}?force=true&v=true` });
  }
}

function call({ address, method, path }: { address: DockerAddress; method: string; path: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...address, method, path }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      // Whatever the status: a container that the guardian has removed in the meantime is what was wanted.
      response.on('end', () => resolve(body));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
