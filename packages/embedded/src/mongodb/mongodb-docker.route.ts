import { attemptContainer } from '../docker/attempt-container.ts';
import type { ServiceRoute } from '../service-route.ts';
import { pingMongodb } from './ping-mongodb.ts';
import { mongodbUrl } from './start-mongodb-server.ts';

const IMAGE = 'mongo:8.0';
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
