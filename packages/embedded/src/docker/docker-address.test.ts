import { expect, it } from '@jest/globals';
import { dockerAddress } from './docker-address.ts';

it.each([
  [{ DOCKER_HOST: 'unix:///run/x.sock' }, { socketPath: '/run/x.sock' }],
  [{ DOCKER_HOST: 'tcp://10.0.0.7' }, { host: '10.0.0.7', port: 2375 }],
  [{ DOCKER_HOST: 'ssh://me@there' }, { reason: 'a Docker engine behind ssh:// is not supported' }],
  [
    { DOCKER_HOST: 'tcp://10.0.0.7:2376', DOCKER_TLS_VERIFY: '1' },
    { reason: 'a Docker engine behind tcp:// with TLS is not supported' },
  ],
])('reads the Docker address of %j', (env, expected) => {
  expect(dockerAddress(env)).toEqual(expected);
});
