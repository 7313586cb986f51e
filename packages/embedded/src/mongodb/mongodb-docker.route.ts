import { attemptContainer } from '../docker/attempt-container.ts';
import type { ServiceRoute } from '../service-route.ts';
import { pingMongodb } from './ping-mongodb.ts';
import { mongodbUrl } from './start-mongodb-server.ts';

/** The image of docker/compose.yaml. */
const IMAGE = 'mongo:8.2.12@sha256:e0ce8c35124d4a9f9785532d1f268f39e9728ffa1cb38f46fa482436424c4bd3';
const PORT = 27017;
// Through a published port: accepted at once, answered when the server is up.
const PING_TIMEOUT_MS = 2_000;

export const mongodbDockerRoute: ServiceRoute = {
  name: 'Docker',
  engine: 'mongod',
  attempt: (context) =>
    attemptContainer({
      context,
      image: context.env.BULKHEAD_MONGODB_IMAGE || IMAGE,
      command: ['mongod', '--dbpath', '/data/db', '--port', String(PORT), '--bind_ip', '0.0.0.0'],
      port: PORT,
      dataPath: '/data/db',
      url: mongodbUrl,
      ping: (url) => pingMongodb({ url, timeoutMs: PING_TIMEOUT_MS }),
    }),
};
