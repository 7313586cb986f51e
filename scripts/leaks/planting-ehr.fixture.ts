import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type EhrAnswer,
  goodAnswers,
  type Route,
  type StringPath,
  stringPathsOf,
  type Variant,
  variants,
  withString,
} from './marked-answers.fixture.ts';

/** The strings of one answer that are a mark, or end with one. */
export interface Plant {
  readonly mark: string;
  /** For test output. */
  readonly name: string;
  readonly variant: Variant;
  readonly places: readonly StringPath[];
  readonly change: (text: string) => string;
}

/**
 * Plants a mark in each string of each good answer, and in all strings of each bad answer together, because no later
 * request depends on them. Each string is marked in two ways: replaced by a mark, and followed by one, which keeps URLs
 * and numbers usable longer.
 */
export function makePlants(base: string): Plant[] {
  const planted = variants.flatMap((variant) => {
    const places = stringPathsOf(variant.answer(base));
    return variant.isGood ? places.map((place) => ({ variant, places: [place] })) : [{ variant, places }];
  });
  return planted.flatMap(({ variant, places }, index) =>
    ['replaced', 'extended'].map((way) => {
      const mark = `Planted-${index}-${way}-123-45-6789`;
      const where = places.map(({ in: part, path }) => `${part} ${path.join('.')}`).join(', ');
      const change = (text: string) => (way === 'replaced' ? mark : text + mark);
      return { mark, name: `${variant.route} ${variant.name}: ${where} ${way}`, variant, places, change };
    }),
  );
}

/** Starts a FHIR server with an address for each plant, `/0/…`, `/1/…`, whose answers contain the plant's mark. */
export async function startPlantingEhr(plants: readonly Plant[]) {
  const server = createServer((request, response) => {
    const { pathname, origin } = new URL(request.url ?? '', `http://${request.headers.host}`);
    const [, index = '', ...rest] = pathname.split('/');
    request.resume();
    const plant = plants[Number(index)];
    const route = routeOf(rest.join('/'));
    if (!plant || request.method === 'DELETE' || !route) return response.writeHead(plant ? 202 : 404).end();
    return send(response, answerOf({ plant, route, base: `${origin}/${index}` }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function routeOf(path: string): Route | undefined {
  if (path === '.well-known/smart-configuration') return 'discovery';
  if (path.endsWith('$export')) return 'kick-off';
  if (path.startsWith('Binary/')) return 'document';
  const [first = ''] = path.split('/');
  if (['token', 'metadata', 'status', 'file', 'deleted', 'errors'].includes(first)) return first as Route;
  return /^[A-Z]/.test(first) ? 'search' : undefined;
}

function answerOf({
  plant,
  route,
  base,
}: {
  readonly plant: Plant;
  readonly route: Route;
  readonly base: string;
}): EhrAnswer {
  const { variant, places, change } = plant;
  if (route !== variant.route) return goodAnswers[route](base);
  return places.reduce((answer, place) => withString(answer, place, change), variant.answer(base));
}

function send(response: ServerResponse, { status, headers = {}, body, lines }: EhrAnswer): void {
  const text = lines?.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  response.writeHead(status, headers).end(body === undefined ? text : JSON.stringify(body));
}
