import { isIPv6 } from 'node:net';
import type { ApiKey } from '@bulkhead/access';
import { RateLimiterMemory, RateLimiterRedis, RLWrapperTimeouts } from 'rate-limiter-flexible';
import { apiError } from '../errors/errors.ts';

/** A user who pastes a key does not fail ten times in ten minutes. */
const loginAttempts = 10;
const loginWindowSeconds = 10 * 60;

/**
 * Each test of a connection requests a new token, and athenahealth grants 50 a minute for all connections of a client id. Tests of several keys
 * leave enough for the work of all.
 */
const testsPerMinute = 10;

/** One every nine seconds. A kick-off stores a record for a day, and a program in an endless loop must not fill the database. */
const kickOffsPerDay = 10_000;
/** The record has the ids of the requested patients, and so many take some kilobytes. */
const patientsOfKickOff = 100;
const hourSeconds = 60 * 60;
const daySeconds = 24 * hourSeconds;

/** A token works for five minutes, but some clients get one for each request. Each is an event of the audit log, which is kept for years. */
const tokensPerHour = 600;

/** Limits how often clients may send requests. Keys have 256 random bits and cannot be guessed, so this only limits the load. */
export class RequestLimits {
  readonly #options;
  readonly #requests;
  readonly #refusals;
  readonly #anonymous;
  readonly #tests;
  readonly #kickOffs;
  readonly #tokens;
  readonly #logins;

  constructor(options: {
    readonly redis: unknown;
    readonly prefix: string;
    /** The limit of a key without its own limit. */
    readonly requestsPerMinute: number;
    /** The limit of refused keys for each address. */
    readonly refusalsPerMinute: number;
    /** The limit of requests of browsers that start or finish an authorization, for each address. */
    readonly authorizationsPerMinute: number;
  }) {
    this.#options = options;
    const { redis, prefix } = options;
    const counter = (name: string, windowSeconds: number) => createCounter({ redis, prefix, name, windowSeconds });
    this.#requests = counter('requests', 60);
    this.#refusals = counter('refusals', 60);
    this.#anonymous = counter('anonymous', 60);
    this.#tests = counter('tests', 60);
    this.#kickOffs = counter('kick-offs', daySeconds);
    this.#tokens = counter('tokens', hourSeconds);
    this.#logins = counter('logins', loginWindowSeconds);
  }

  /** @param onCount is called even if the request is refused. @throws AppError `too-many-requests` */
  countRequest(apiKey: ApiKey, onCount: (quota: Quota) => void): Promise<void> {
    return add({
      onCount,
      to: this.#requests,
      id: apiKey.id,
      limit: apiKey.requestsPerMinute ?? this.#options.requestsPerMinute,
      message:
        'Too many requests with this key. Wait for the time in `Retry-After`, or ask an operator for a key with a higher limit.',
    });
  }

  /** Counts a test of a connection by a client. @throws AppError `too-many-requests` */
  countTest({ id, role }: Pick<ApiKey, 'id' | 'role'>): Promise<void> {
    return role === 'operator'
      ? Promise.resolve()
      : add({
          to: this.#tests,
          id,
          limit: testsPerMinute,
          message:
            'Too many tests of connections with this key: each needs a new token of the EHR. Wait for the time in `Retry-After`, and read `lastTest` of the connection until then.',
        });
  }

  /** Counts the start of an export of the store. @throws AppError `too-many-requests` */
  countKickOff({ id }: Pick<ApiKey, 'id'>, patients: number): Promise<void> {
    return add({
      to: this.#kickOffs,
      id,
      points: 1 + Math.floor(patients / patientsOfKickOff),
      limit: kickOffsPerDay,
      message:
        'You have started 10,000 exports in a day, or fewer with lists of patients: 100 patients count as one export. Read those that you have: a manifest can be read again, and its files too. Wait for the time in `Retry-After` before you start another one.',
    });
  }

  /** Counts a token of a backend client. @throws AppError `too-many-requests` */
  countToken({ id }: { readonly id: string }): Promise<void> {
    return add({
      to: this.#tokens,
      id,
      limit: tokensPerHour,
      message: `This client has got ${tokensPerHour} tokens in an hour. A token works for five minutes: use it for all requests until then. Wait for the time in \`Retry-After\`.`,
    });
  }

  /**
   * Counts a request whose key was refused. Valid keys are still accepted from the same address, because a whole hospital may be
   * behind it, together with one misconfigured program.
   * @throws AppError `too-many-requests`
   */
  countRefusal(address: string): Promise<void> {
    return add({
      to: this.#refusals,
      id: networkOf(address),
      limit: this.#options.refusalsPerMinute,
      message:
        'Too many requests without a valid key came from this IP address. Find the program that sends them and correct its key.',
    });
  }

  /**
   * Counts a browser request that starts or finishes an authorization, before anything of it is checked. There is no limit for all addresses
   * together, because the other parts of a launch are public: with it, a few addresses could keep all users from launching. A launch costs a
   * record for an hour, a job, and no request to the EHR, whose endpoints are read once an hour.
   * @throws AppError `too-many-requests`
   */
  countAnonymous(address: string): Promise<void> {
    return add({
      to: this.#anonymous,
      id: networkOf(address),
      limit: this.#options.authorizationsPerMinute,
      message: 'Too many authorizations came from this IP address. Wait a minute and try again.',
    });
  }

  /**
   * Counts a login with a key that does not exist. Valid keys are still accepted from the same address, because a whole hospital may
   * be behind it.
   * @throws AppError `too-many-requests`
   */
  countFailedLogin(address: string): Promise<void> {
    return add({
      to: this.#logins,
      id: networkOf(address),
      limit: loginAttempts,
      message:
        'Too many logins from this IP address have failed. Check the API key, or wait ten minutes and try again.',
    });
  }
}

async function add(options: {
  readonly to: Counter;
  readonly id: string;
  /** How many requests this one counts as. Default: 1. */
  readonly points?: number;
  readonly limit: number;
  readonly message: string;
  readonly onCount?: ((quota: Quota) => void) | undefined;
}) {
  const { to, id, points: added = 1, limit, message, onCount = () => undefined } = options;
  const { count, restMs } = await to.add(id, added);
  onCount({ limit, left: Math.max(limit - count, 0), windowSeconds: to.windowSeconds, restMs });
  if (count <= limit) return;
  throw apiError('too-many-requests', { message, retry: { afterMs: restMs } });
}

/** A limit, and how many requests remain. */
export interface Quota {
  readonly limit: number;
  readonly left: number;
  readonly windowSeconds: number;
  /** The time until the window ends. */
  readonly restMs: number;
}

type Counter = ReturnType<typeof createCounter>;

/** Redis usually responds within a millisecond. A request must not wait for a Redis that hangs. */
const redisTimeoutMs = 100;
/** The counter itself has no limit, because each key can have its own. `add` compares the count. */
const points = Number.MAX_SAFE_INTEGER;

/** Counts by id within windows, over all API processes. If Redis is unavailable, each process counts on its own. */
function createCounter(options: {
  /** A client of ioredis. */
  readonly redis: unknown;
  readonly prefix: string;
  readonly name: string;
  readonly windowSeconds: number;
}) {
  const { redis, prefix, name, windowSeconds: duration } = options;
  const inMemory = new RateLimiterMemory({ points, duration });
  const inRedis = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `${prefix}:${name}`,
    points,
    duration,
    rejectIfRedisNotReady: true,
  });
  const limiter = new RLWrapperTimeouts({ limiter: inRedis, timeoutMs: redisTimeoutMs, insuranceLimiter: inMemory });
  return {
    windowSeconds: duration,
    /** @returns the count of the window, and the time until it ends */
    async add(id: string, added: number) {
      const { consumedPoints: count, msBeforeNext: restMs } = await limiter.consume(id, added);
      return { count, restMs };
    },
  };
}

/** The addresses of one client: an IPv4 address, or an IPv6 /64 network, in which a host can choose any address (RFC 4291 2.5.1). */
export function networkOf(address: string): string {
  const [plain = ''] = address.toLowerCase().split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (mapped !== undefined || !isIPv6(plain)) return mapped ?? plain;
  const [head = '', tail = ''] = plain.split('::');
  const [left, right] = [head, tail].map((groups) => groups.split(':').filter((group) => group !== ''));
  const missing = plain.includes('::') ? 8 - (left?.length ?? 0) - (right?.length ?? 0) : 0;
  const groups = [...(left ?? []), ...Array.from({ length: missing }, () => '0'), ...(right ?? [])];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
