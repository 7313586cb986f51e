import type { ServiceRoute } from '../service-route.ts';
import { builtEngineRoute } from './built-engine.route.ts';
import { cachedEngineRoute } from './cached-engine.route.ts';
import { mongodOnPathRoute } from './mongod-on-path.route.ts';
import { mongodbDockerRoute } from './mongodb-docker.route.ts';
import { mongodbUriRoute } from './mongodb-uri.route.ts';
import { officialBinaryRoute } from './official-binary.route.ts';

/** In the order in which they are tried: what the user said, what is there, what has to be fetched, what has to be built. */
export const mongodbRoutes: readonly ServiceRoute[] = [
  mongodbUriRoute,
  mongodOnPathRoute,
  cachedEngineRoute,
  mongodbDockerRoute,
  officialBinaryRoute,
  builtEngineRoute,
];
