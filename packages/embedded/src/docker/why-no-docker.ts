import { dockerAddress } from './docker-address.ts';
import { whyDockerDoesNotAnswer } from './docker-answers.ts';

/** @returns why no Docker engine can be used here; undefined if one answers. */
export async function whyNoDocker(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const address = dockerAddress(env);
  return 'reason' in address ? address.reason : await whyDockerDoesNotAnswer(address);
}
