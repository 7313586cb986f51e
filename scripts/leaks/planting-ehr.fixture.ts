import type { Answer, Handler } from '@bulkhead/testing';
import {
  type EhrAnswer,
  exportedTypes,
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

/**
 * The routes whose answers are read independently of each other: a file, a search or a document that cannot be read does not stop
 * the others. One connection reads all of their plants.
 */
const sharedRoutes: readonly Route[] = ['file', 'deleted', 'errors', 'search', 'document'];
export const isShared = ({ variant }: Plant) => sharedRoutes.includes(variant.route);
/** The path of the server of all shared plants. */
export const sharedPath = 'shared';

/**
 * Answers like a FHIR server with an address for each plant, `/0/…`, `/1/…`, whose answers contain the plant's mark. A further address
 * is of a server whose manifest has the files of all shared plants, and which answers the searches for a plant's patient with its mark.
 * @param sent gets the plants whose marks were sent
 */
export function answerWithPlants(plants: readonly Plant[], sent: Set<Plant>): Handler {
  return answerByRoute(({ route, first, origin, search }) => {
    if (first === sharedPath && route === 'status') return toAnswer(sharedManifest(plants, origin));
    const index = first === sharedPath && route === 'search' ? searchedPlant(search) : first;
    const plant = plants[Number(index)];
    // The shared server plants nothing in its other answers.
    if (!plant) return toAnswer(goodAnswers[route](`${origin}/${first}`));
    if (route === plant.variant.route) sent.add(plant);
    return toAnswer(answerOf({ plant, route, base: `${origin}/${index}`, suffix: `${index}` }));
  });
}

interface RoutedRequest {
  readonly route: Route;
  /** The first part of the path, which chooses the server. */
  readonly first: string;
  readonly origin: string;
  readonly search: string;
}

/** Answers the requests of an export, a sync and a connection test for servers that differ in the first part of the path. */
export function answerByRoute(answer: (request: RoutedRequest) => Answer): Handler {
  return ({ method, url, headers }) => {
    if (method === 'DELETE') return { status: 202 };
    const { pathname, search, origin } = new URL(url, `http://${headers.host}`);
    const [, first = '', ...rest] = pathname.split('/');
    const route = routeOf(rest.join('/'));
    return route ? answer({ route, first, origin, search }) : { status: 404 };
  };
}

/** Returns the index of the plant whose patient a search asks for. */
function searchedPlant(query: string): string | undefined {
  return /[=/]p(\d+)(?:&|$)/.exec(decodeURIComponent(query))?.[1];
}

/** Lists the files that contain the marks of shared plants, and those that lead to their documents and searches. */
function sharedManifest(plants: readonly Plant[], origin: string): EhrAnswer {
  const section = (name: string, filesOf: (route: Route, base: string) => object[]) => ({
    [name]: plants.flatMap((plant, index) => filesOf(plant.variant.route, `${origin}/${index}`)),
  });
  const files = (types: readonly string[], base: string) =>
    types.map((type) => ({ type, url: `${base}/file/${type}` }));
  const { body, ...answer } = goodAnswers.status(`${origin}/${sharedPath}`);
  return {
    ...answer,
    body: {
      ...(body as object),
      ...section('output', (route, base) => {
        if (route === 'file') return files(exportedTypes, base);
        if (route === 'document') return files(['DocumentReference'], base);
        return route === 'search' ? files(['Patient'], base) : [];
      }),
      ...section('deleted', (route, base) => (route === 'deleted' ? [{ type: 'Bundle', url: `${base}/deleted` }] : [])),
      ...section('error', (route, base) =>
        route === 'errors' ? [{ type: 'OperationOutcome', url: `${base}/errors` }] : [],
      ),
    },
  };
}

/** One file is enough for the plants whose own connection is about what comes before the files. */
function smallManifest(base: string): EhrAnswer {
  const { body, ...answer } = goodAnswers.status(base);
  const output = [{ type: 'Patient', url: `${base}/file/Patient` }];
  return { ...answer, body: { ...(body as object), output, deleted: [], error: [] } };
}

function routeOf(path: string): Route | undefined {
  if (path === '.well-known/smart-configuration') return 'discovery';
  if (path.endsWith('$export')) return 'kick-off';
  if (path.startsWith('Binary/')) return 'document';
  const [first = ''] = path.split('/');
  if (['token', 'metadata', 'status', 'file', 'deleted', 'errors'].includes(first)) return first as Route;
  return /^[A-Z]/.test(first) ? 'search' : undefined;
}

function answerOf(options: {
  readonly plant: Plant;
  readonly route: Route;
  readonly base: string;
  readonly suffix: string;
}): EhrAnswer {
  const { plant, route, base, suffix } = options;
  const { variant, places, change } = plant;
  if (route !== variant.route) return route === 'status' ? smallManifest(base) : goodAnswers[route](base, suffix);
  return places.reduce((answer, place) => withString(answer, place, change), variant.answer(base, suffix));
}

export function toAnswer({ status, headers = {}, body, lines = [] }: EhrAnswer): Answer {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  return { status, headers, body: body === undefined ? text : JSON.stringify(body) };
}
