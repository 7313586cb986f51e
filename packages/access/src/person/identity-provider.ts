import * as openid from 'openid-client';
import { accessError } from '../errors.ts';
import { type Person, type PersonRole, personRoles } from './person.record.ts';

export interface IdentityProviderOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  readonly scope: string;
  /** The claim with the roles or groups of a person. A dot leads into an object: `realm_access.roles`. */
  readonly roleClaim: string;
  /** The value of the claim for each role. */
  readonly roles: Readonly<Record<PersonRole, string>>;
}

/** What a browser keeps between the start of a login and its end. */
export interface LoginAttempt {
  readonly state: string;
  readonly nonce: string;
  /** PKCE (RFC 7636): proves that the code was issued to the browser that started the login. */
  readonly verifier: string;
}

/** A page of the provider that takes longer is a fault. */
const timeoutSeconds = 10;

/**
 * Logs people in at the identity provider of the hospital, by OpenID Connect with the authorization code flow and PKCE.
 * The provider decides how they authenticate, so a second factor is required there.
 */
export class IdentityProvider {
  readonly #options;
  #discovered: Promise<openid.Configuration> | undefined;

  constructor(options: IdentityProviderOptions) {
    this.#options = options;
  }

  /** @returns the URL at the provider. @throws AppError `login-unavailable` */
  async begin(redirectUri: string): Promise<{ readonly url: URL; readonly attempt: LoginAttempt }> {
    const configuration = await this.#discover();
    const attempt = {
      state: openid.randomState(),
      nonce: openid.randomNonce(),
      verifier: openid.randomPKCECodeVerifier(),
    };
    const url = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: this.#options.scope,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
    });
    return { url, attempt };
  }

  /**
   * @param options.url the URL that the provider redirected the browser to
   * @throws AppError `login-refused` (the provider refused it, or nothing of it fits the attempt), `login-without-role`, `login-unavailable`
   */
  async finish({ url, attempt }: { readonly url: URL; readonly attempt: LoginAttempt }): Promise<Person> {
    const configuration = await this.#discover();
    try {
      const tokens = await openid.authorizationCodeGrant(configuration, url, {
        pkceCodeVerifier: attempt.verifier,
        expectedState: attempt.state,
        expectedNonce: attempt.nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims() as openid.IDToken;
      return this.#toPerson(await this.#withUserInfo({ configuration, tokens, claims }));
    } catch (cause) {
      throw toLoginError(cause);
    }
  }

  /** Many providers put groups only into the response of their UserInfo endpoint. */
  async #withUserInfo(options: {
    readonly configuration: openid.Configuration;
    readonly tokens: openid.TokenEndpointResponse;
    readonly claims: openid.IDToken;
  }): Promise<openid.IDToken> {
    const { configuration, tokens, claims } = options;
    const isComplete = claimOf(claims, this.#options.roleClaim) !== undefined && nameOf(claims) !== undefined;
    if (isComplete || configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
    return { ...(await openid.fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
  }

  #toPerson(claims: openid.IDToken): Person {
    const { roles, roleClaim } = this.#options;
    const values = [claimOf(claims, roleClaim) ?? []].flat();
    const role = personRoles.findLast((name) => values.includes(roles[name]));
    const name = nameOf(claims) ?? claims.sub;
    if (role === undefined) throw accessError('login-without-role');
    return { issuer: claims.iss, subject: claims.sub, name: name.slice(0, 100), role };
  }

  /** A failed discovery is tried again with the next login. */
  #discover(): Promise<openid.Configuration> {
    const { issuer, clientId, clientSecret } = this.#options;
    this.#discovered ??= openid
      .discovery(new URL(issuer), clientId, clientSecret, undefined, {
        timeout: timeoutSeconds,
        execute: [
          // By itself the library trusts TLS to the token endpoint, and does not verify signatures of ID tokens.
          openid.enableNonRepudiationChecks,
          ...(new URL(issuer).protocol === 'http:' ? [openid.allowInsecureRequests] : []),
        ],
      })
      .catch((cause: unknown) => {
        this.#discovered = undefined;
        throw accessError('login-unavailable', { cause });
      });
    return this.#discovered;
  }
}

function claimOf(claims: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], claims);
}

function nameOf({ name, preferred_username: userName, email }: openid.IDToken): string | undefined {
  return [name, userName, email].find((text) => typeof text === 'string' && text !== '') as string | undefined;
}

/** The provider's own text could be that of an attacker, so it is not shown. */
function toLoginError(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause.name === 'AppError') return cause;
  const isRefusal =
    cause instanceof openid.AuthorizationResponseError ||
    cause instanceof openid.ResponseBodyError ||
    cause instanceof openid.ClientError;
  const isUnreachable = cause instanceof openid.ClientError && cause.cause instanceof TypeError;
  return accessError(isRefusal && !isUnreachable ? 'login-refused' : 'login-unavailable', { cause });
}
