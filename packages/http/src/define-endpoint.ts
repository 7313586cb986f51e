import type { AuditService } from '@bulkhead/access/audit/commands';
import type { ApiKeyService, BackendClientService, SessionService } from '@bulkhead/access/commands';
import type { IdempotencyService } from '@bulkhead/access/idempotency/commands';
import type { createHealth, Metrics } from '@bulkhead/base';
import type { ConnectionCheck } from '@bulkhead/records';
import type { Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import type { Action, Audited } from './actions.ts';
import type { AuditNotes } from './audit-notes.ts';
import type { Page, Problem } from './browser/pages.ts';
import type { HttpErrorCode } from './errors/http-errors.ts';
import type { EventStreams, Snapshot } from './events/event-streams.ts';
import type { DownloadSlots } from './limits/download-slots.ts';
import type { RequestLimits } from './limits/request-limits.ts';
import type { Caller } from './middleware/caller-of.ts';
import type { RefusedAttempts } from './refused-attempts.ts';

/*
 * An endpoint is one call of `defineEndpoint`, in a file below `endpoints/<feature>`. Everything else derives from the list of
 * endpoints:
 *
 *     defineEndpoint --> endpoints.ts --+--> endpoint-router.ts: route, access check, validation, reply
 *                                       +--> middleware/audit-trail.ts: what is audited
 *                                       +--> api-router.ts: request limits, error pages, login of browsers
 *                                       +--> openapi/create-api-document.ts: openapi.json and the typed client
 *
 * The schemas that validate a request are also the ones that document it.
 */

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** How a POST that creates a record treats a repeated request with the same `Idempotency-Key`. */
export type Idempotency =
  /** The answer is stored for a day, encrypted, and sent again. */
  | 'answer'
  /**
   * The answer contains a secret that is stored as a hash only. It is not stored with the answer either, because a copy would make the
   * hash useless. A repeated request is refused, and the error names the record.
   */
  | 'secret'
  /** The handler does it, because the id of its record is chosen together with the key. Not even a crash leads to a second record. */
  | 'handler';

/** A response to a request that succeeds. */
export interface ResponseDescription {
  readonly description: string;
  /** Default: an empty body, or a body of `contentType` that is not described further. */
  readonly schema?: z.ZodType;
  /** Default: `application/json`. */
  readonly contentType?: string;
  /** The type of the body if the request asks for the other form. */
  readonly otherContentType?: string;
  /** The data, without the envelope of `success`. */
  readonly example?: unknown;
}

/** The reply of a handler. Default of `status`: the first of `responses`. It is sent as `{ success: true, data, next?, total? }`, or as an empty body without data. */
export type Reply<Status extends number = number> = ReplyContent & LocationOf<Status>;

/** A reply that something was created or accepted names the path of the record. */
type LocationOf<Status extends number> = Status extends 201 | 202
  ? { readonly status?: Status; readonly location: string }
  : { readonly status?: Status; readonly location?: string };

interface ReplyContent {
  readonly data?: unknown;
  /** The `cursor` of the next page of a list. */
  readonly next?: string | undefined;
  /** The number of all entries that match. */
  readonly total?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What every program needs that answers with endpoints. */
export interface HttpServices {
  readonly apiKeys: ApiKeyService;
  readonly audit: AuditService;
  readonly backendClients: BackendClientService;
  /** Ends an answer of a connection that its reader may no longer have. */
  readonly checkConnection: ConnectionCheck;
  readonly idempotency: IdempotencyService;
  readonly sessions: SessionService;
}

/** The input of an endpoint's handler. */
export interface HandlerInput<Params, Query, Headers, Body, CalledBy, Services = never> {
  readonly params: Params;
  readonly query: Query;
  readonly headers: Headers;
  readonly body: Body;
  /** For endpoints with `idempotency: 'handler'`. */
  readonly idempotencyKey: string | undefined;
  /** Undefined if the endpoint needs no key. */
  readonly caller: CalledBy;
  readonly services: Services;
  readonly process: ProcessState;
  /** Collects the content of the audit event of the request. */
  readonly audit: AuditNotes;
  /** Streams server-sent events. Each `read` returns the current state, and changed events are sent. */
  readonly streamEvents: (read: () => Promise<Snapshot>) => Promise<void>;
  /** For endpoints whose request or response is not JSON. */
  readonly request: Request;
  readonly response: Response;
}

/** The parameters that a path names: `/a/:id` has `id`. */
type ParamsOf<Path extends string> = Path extends `${string}:${infer Rest}`
  ? {
      readonly [Name in Rest extends `${infer First}/${string}` ? First : Rest]: string;
    } & (Rest extends `${string}/${infer Tail}` ? ParamsOf<Tail> : unknown)
  : unknown;

interface BodyDescription<Body extends z.ZodType = z.ZodType> {
  /** Default: the description of `schema`. */
  readonly description?: string;
  /** Default: the body is not read, or the handler reads it. */
  readonly schema?: Body;
  readonly example?: unknown;
  /** Default: `application/json`. */
  readonly contentType?: string;
  /** A request without a body is treated as a request with an empty object. */
  readonly isOptional?: boolean;
}

type NoFields = z.ZodObject<Record<never, never>>;

interface RequestDescription<
  Query extends z.ZodObject = z.ZodObject,
  Headers extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
> {
  readonly query?: Query;
  /** Why parameters that `query` does not have are ignored. By default they are refused. */
  readonly ignoresOtherParameters?: string;
  /** Documents a query that the handler reads itself, because a FHIR search has modifiers and repeated parameters. */
  readonly searchQuery?: z.ZodObject;
  /** Names are in lower case. */
  readonly headers?: Headers;
  readonly body?: BodyDescription<Body>;
  /**
   * Reads the body after the access check. `never`: the body is ignored. By default it is read as JSON before the endpoint is looked up,
   * so that a body that is not JSON always gets the same response.
   */
  readonly readBody?: RequestHandler | 'never';
}

/** The page that a browser gets if the request fails. */
export type ErrorPage<Services = never> = (options: {
  readonly request: Request;
  readonly problem: Problem;
  readonly services: Services;
}) => Page | Promise<Page>;

interface Description<
  Id extends string,
  Path extends string,
  Action extends MaybeAction,
  Status extends number,
  Services = never,
> {
  /** `operationId` in the OpenAPI document. */
  readonly id: Id;
  /** The method and a path of Express, such as `POST /api/ehr/:provider/bulk-export`. */
  readonly route: `${Uppercase<Method>} ${Path}`;
  /** From the `*.actions.ts` of its folder. `anyone`: no key is needed. */
  readonly action: Action;
  /** What it does, in one line. */
  readonly summary: string;
  /** What it does, when to use it, and what to expect. */
  readonly description: string;
  /** The responses by status. */
  readonly responses: Readonly<Record<Status, ResponseDescription>>;
  /** The error codes of this endpoint. Default: none. The OpenAPI document adds the codes that every endpoint can return. */
  readonly errors?: readonly HttpErrorCode[];
  /** For a POST that creates a record. Such a POST accepts `Idempotency-Key`. */
  readonly idempotency?: Idempotency;
  /** Errors that are the outcome of a record that was created. A repeated request gets them again. */
  readonly lastingErrors?: readonly HttpErrorCode[];
  /** For endpoints that people open in a browser. */
  readonly errorPage?: ErrorPage<Services>;
  /** Limits requests by network address, for endpoints that need no key but cause work. */
  readonly isLimitedByAddress?: true;
  /** METRICS_TOKEN is accepted instead of a key. */
  readonly acceptsMetricsToken?: true;
  /** Tokens of backend clients are accepted. The handler checks their scopes. */
  readonly acceptsTokens?: true;
  /** `fhir`: errors are OperationOutcomes. */
  readonly errorFormat?: 'fhir';
}

type MaybeAction = Action | typeof anyone;
/** The action of an endpoint that needs no key. It is written, so that no endpoint is public because a line is missing. */
export const anyone = undefined;
type CallerOf<Action extends MaybeAction> = Action extends undefined ? undefined : Caller;

type Handler<Input, Status extends number> = (
  input: Input,
) => Promise<Reply<Status> | undefined> | Reply<Status> | Promise<void> | void;

/** An endpoint of any types. */
export interface Endpoint<Id extends string = string, Action extends MaybeAction = MaybeAction>
  extends Omit<Description<Id, string, Action, number>, 'route' | 'action'> {
  readonly method: Method;
  readonly path: string;
  readonly action: Action;
  /** `client`: every API key, within its connections. `operator`: only keys of operators. `anyone`: no key is needed. */
  readonly access: 'client' | 'operator' | 'anyone';
  readonly audited: Audited;
  readonly errors: readonly HttpErrorCode[];
  readonly request: RequestDescription;
  readonly handler: Handler<HandlerInput<never, never, never, never, never>, number>;
}

/** For the endpoints of one program, with its services. */
export function defineEndpointFor<Services>() {
  return <
    const Id extends string,
    const Path extends string,
    const Status extends number,
    const Action extends MaybeAction,
    Query extends z.ZodObject = NoFields,
    Headers extends z.ZodObject = NoFields,
    Body extends z.ZodType = z.ZodUndefined,
  >(
    definition: Description<Id, Path, Action, Status, Services> & {
      readonly request?: RequestDescription<Query, Headers, Body>;
      readonly handler: Handler<
        HandlerInput<ParamsOf<Path>, z.output<Query>, z.output<Headers>, z.output<Body>, CallerOf<Action>, Services>,
        NoInfer<Status>
      >;
    },
  ): Endpoint<Id, Action> => {
    const { action, route } = definition;
    const [method = '', path = ''] = route.split(' ');
    const access = action?.keys ?? 'anyone';
    const audited = action !== undefined && (action.audited ?? true);
    const derived = { method: method.toLowerCase() as Method, path, action, access, audited } as const;
    return { request: {}, errors: [], ...definition, ...derived };
  };
}

/** For the endpoints that every program has. */
export const defineEndpoint = defineEndpointFor<HttpServices>();

/** Endpoints that belong together in the OpenAPI document, in its order. */
export interface EndpointGroup<Member extends Endpoint = Endpoint> {
  readonly name: string;
  readonly description: string;
  readonly endpoints: readonly Member[];
}

export function endpointGroup<const Member extends Endpoint>(group: EndpointGroup<Member>): EndpointGroup<Member> {
  return group;
}

/**
 * @throws Error if two endpoints have the same id or the same address, if two actions have the same name, or if an endpoint that creates a
 * record does not accept `Idempotency-Key`
 */
export function checkEndpoints(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const names = new Set<string>();
  const actions = new Map<string, Action>();
  for (const { id, method, path, action, responses, idempotency } of endpoints) {
    const isCreating = method === 'post' && (responses[201] !== undefined || action?.name.endsWith('.create'));
    if (isCreating && idempotency === undefined)
      throw new Error(`${id} creates a record, so it needs \`idempotency\`.`);
    for (const name of [`id ${id}`, `address ${method.toUpperCase()} ${path.replace(/:\w+/g, ':')}`]) {
      if (names.has(name)) throw new Error(`Two endpoints have the ${name}. Change one of them.`);
      names.add(name);
    }
    if (action === undefined) continue;
    if ((actions.get(action.name) ?? action) !== action)
      throw new Error(`Two actions have the name ${action.name}. Change one of them.`);
    actions.set(action.name, action);
  }
  return endpoints;
}

/** The state of the process that endpoints use. */
export interface ProcessState {
  readonly health: ReturnType<typeof createHealth>;
  readonly metrics: Metrics;
  readonly refusedAttempts: RefusedAttempts;
  /** The names of all actions that the audit log can have. */
  readonly auditActions: ReadonlySet<string>;
  readonly limits: Pick<RequestLimits, 'countKickOff' | 'countRefusal' | 'countTest' | 'countToken'>;
  /** API_PUBLIC_URL. */
  readonly publicUrl: string | undefined;
  readonly streams: EventStreams;
  readonly downloads: DownloadSlots;
  /** Aborts when the process stops. */
  readonly stopping: AbortSignal;
}
