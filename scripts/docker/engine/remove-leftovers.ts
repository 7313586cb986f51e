import { callDocker } from './call-docker.ts';

/** Removes what a killed run has left in the engine for tests. Otherwise its containers would start again. */
export async function removeLeftovers(env: NodeJS.ProcessEnv): Promise<void> {
  const kinds = [
    { list: ['ps', '--all', '--quiet'], remove: ['rm', '--force', '--volumes'] },
    { list: ['network', 'ls', '--quiet', '--filter', 'type=custom'], remove: ['network', 'rm'] },
    { list: ['volume', 'ls', '--quiet'], remove: ['volume', 'rm'] },
    {
      list: ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', '--filter', 'reference=bulkhead-*:bulkhead-test-*'],
      remove: ['image', 'rm'],
    },
    { list: ['image', 'ls', '--quiet', '--filter', 'dangling=true'], remove: ['image', 'rm', '--force'] },
  ];
  for (const { list, remove } of kinds) {
    const ids = (await callDocker({ args: list, env })).split('\n').filter((line) => line !== '');
    if (ids.length > 0) await callDocker({ args: [...remove, ...new Set(ids)], env });
  }
}
