import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { controlRoute } from './control/control.route.ts';
import { controlResourcesRoute } from './control/resources.route.ts';
import { ExportRegistry } from './export/export-registry.ts';
import { bulkFileRoute } from './export/file.route.ts';
import { FileLinks } from './export/file-links.ts';
import { groupRoute } from './export/group.route.ts';
import { bulkKickOffRoute } from './export/kick-off.route.ts';
import { bulkStatusRoute } from './export/status.route.ts';
import { FaultBoard, type FaultySimulator } from './faults/fault-board.ts';
import { outcomeReply } from './http/outcome.ts';
import { sendReply } from './http/reply.ts';
import { clientKeyFinder } from './oauth/client-keys.ts';
import { IssuedTokens } from './oauth/issued-tokens.ts';
import { oauthRoute } from './oauth/oauth.route.ts';
import { type Clock, startSystemClock } from './options/clock.ts';
import { type EhrSimulatorOptions, RuntimeOptions, type SimulatorOptions, withSettings } from './options/options.ts';
import { generatePractice } from './practice/generated/generate-practice.ts';
import { openFolder } from './practice/open-folder.ts';
import { Practice } from './practice/practice.ts';
import { discoveryRoute } from './rest/discovery.route.ts';
import { readRoute } from './rest/read.route.ts';
import { searchRoute } from './rest/search.route.ts';
import { recordRequests } from './traffic/record-requests.middleware.ts';
import { TrafficRecorder, TrafficStats } from './traffic/traffic-recorder.ts';

export type EhrSimulator = ReturnType<typeof createEhrSimulator>;

const fhirPath = '/fhir/r4';

/** The name of the simulator in a network that no client is in. */
const internalOrigin = 'http://ehr.internal:8080';

/**
 * Longer than clients keep idle connections, so that the server never closes a connection that a client is about to
 * use.
 */
const keepAliveTimeout = 65_000;

/**
 * Creates a simulated athenahealth. Several can run in one process.
 * @throws ZodError if the options are invalid.
 */
export function createEhrSimulator({ clock = startSystemClock(), ...input }: EhrSimulatorOptions = {}) {
  const options = withSettings(input);
  const server = createServer({ keepAliveTimeout });
  const fileServer = createServer({ keepAliveTimeout });
  const baseUrl = () => urlOf(server, options.host);
  let exports: ExportRegistry | undefined;
  return {
    start: async () => {
      const simulator = await assemble({ options, clock, server, fileServer });
      exports = simulator.exports;
      const app = buildExpressApp(simulator);
      for (const each of [server, fileServer]) each.on('request', app);
      await listen(server, options);
      await listen(fileServer, { ...options, port: 0 });
    },
    stop: async () => {
      clock.stop();
      await exports?.close();
      await Promise.all([server, fileServer].map(close));
    },
    get port() {
      return (server.address() as AddressInfo).port;
    },
    /** Scheme, host and port. Available after `start`. */
    get baseUrl() {
      return baseUrl();
    },
    /** The second origin, which serves files and, if `linksAt` says so, everything of an export. Available after `start`. */
    get otherOrigin() {
      return urlOf(fileServer, options.host);
    },
    /** The FHIR base, `{baseUrl}/fhir/r4`. Available after `start`. */
    get fhirEndpoint() {
      return baseUrl() + fhirPath;
    },
  };
}

interface AssembleInput {
  readonly options: SimulatorOptions;
  readonly clock: Clock;
  readonly server: Server;
  readonly fileServer: Server;
}

async function assemble({ options, clock, server, fileServer }: AssembleInput): Promise<FaultySimulator> {
  const baseUrl = () => options.publicUrl ?? urlOf(server, options.host);
  const fhirEndpoint = () => baseUrl() + fhirPath;
  const otherEndpoint = () => urlOf(fileServer, options.host) + fhirPath;
  const linkEndpoint = () =>
    ({ endpoint: fhirEndpoint, 'other-origin': otherEndpoint, 'internal-name': () => internalOrigin + fhirPath })[
      options.linksAt
    ]();
  const source = options.dataDir
    ? await openFolder(options.dataDir)
    : generatePractice({ ...options, fhirBase: fhirEndpoint });
  const practice = new Practice({ source, clock });
  return {
    options,
    runtimeOptions: new RuntimeOptions(options),
    clock,
    practice,
    exports: new ExportRegistry({ options, clock, practice }),
    madeGroups: new Map(),
    links: new FileLinks({ options, clock }),
    tokens: new IssuedTokens({ options, clock }),
    findClientKey: clientKeyFinder({ options, clock }),
    traffic: new TrafficRecorder({ options, clock }),
    stats: new TrafficStats(),
    faults: new FaultBoard(),
    baseUrl,
    issuer: () => `${options.oauthUrl ?? baseUrl()}/oauth2/v1`,
    fhirEndpoint,
    linkEndpoint,
    fileEndpoint: () => (options.separateFileHost ? otherEndpoint() : linkEndpoint()),
    otherEndpoint,
    isFileHost: (req) => req.socket.localPort === (fileServer.address() as AddressInfo).port,
  };
}

async function listen(server: Server, { port, host }: Pick<SimulatorOptions, 'port' | 'host'>): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  server.closeAllConnections();
  await server[Symbol.asyncDispose]();
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The simulator is not started.');
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}

/** The control routes are mounted before the recorder, so that their requests are not counted. */
function buildExpressApp(simulator: FaultySimulator): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(controlRoute(simulator), controlResourcesRoute(simulator));
  app.use(recordRequests(simulator));
  app.use(oauthRoute(simulator), discoveryRoute(simulator));
  app.use(groupRoute(simulator), bulkKickOffRoute(simulator), bulkStatusRoute(simulator), bulkFileRoute(simulator));
  app.use(searchRoute(simulator), readRoute(simulator));
  // athenahealth answers an unknown path in plain text, not with an OperationOutcome.
  app.use((_req, res) => {
    res.status(404).type('text/plain').send('Not Found');
  });
  app.use(failed);
  return app;
}

/** Express recognises an error handler by its four parameters. */
const failed: ErrorRequestHandler = async (error, req, res, _next) => {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const status = Number(error?.status ?? 500);
  const code = status < 500 ? 'invalid' : 'exception';
  const message = status < 500 ? 'The request cannot be read.' : 'The simulator failed.';
  await sendReply({ req, res, reply: outcomeReply({ status, code, message, headers: {} }) });
};
