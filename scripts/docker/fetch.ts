// usage: node scripts/docker/fetch.ts    fetches what `npm test -- --docker` needs (for CI: needs root and apt)
// It mostly waits for packages, so CI runs it beside the checks. The tests fetch what is missing, and report why it cannot be had.
import { fetchForDocker } from './engine/start-docker.ts';

await fetchForDocker({ env: process.env, progress: () => undefined });
