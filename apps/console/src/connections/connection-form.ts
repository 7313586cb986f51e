import type { paths } from '@bulkhead/client';
import type { Connection, ConnectionDraft, Provider } from '../api/api.ts';

type ConnectionRequest = paths['/api/ehr/connections']['post']['requestBody']['content']['application/json'];
type Auth = ConnectionRequest['auth'];

export type CredentialsForm = typeof emptyCredentials;
export type ConnectionForm = typeof emptyConnectionForm;

const emptyCredentials = {
  method: 'client_credentials' as Auth['method'],
  clientId: '',
  clientSecret: '',
  privateKey: '',
  /** For which scopes the application is registered: all types in one version, or those of `scope`. */
  scopes: '' as '' | 'v1' | 'v2' | 'own',
  scope: '',
};

/** The EHR refuses the version for which the application is not registered, so there is no default. */
export const scopeChoices = [
  { value: 'v2', label: 'SMART v2, each type: system/Patient.rs …' },
  { value: 'v1', label: 'SMART v1, each type: system/Patient.read …' },
  { value: 'own', label: 'As listed here' },
] as const;

/** Whether the deployment acts without a user, with the scopes of its registration. */
export function actsAlone({ method }: Pick<CredentialsForm, 'method'>): boolean {
  return method === 'client_credentials' || method === 'private_key_jwt';
}

export const emptyConnectionForm = {
  name: '',
  environment: '',
  practiceId: '',
  groupId: '',
  fhirEndpoint: '',
  /** Create a second connection for the same practice. */
  force: false,
  ...emptyCredentials,
};

const methods = [
  { value: 'client_credentials', label: 'Client id and secret' },
  { value: 'private_key_jwt', label: 'Signed assertion (SMART Backend Services)' },
  { value: 'authorization_code', label: 'Authorization by a user of the practice' },
  { value: 'none', label: 'None (an open server)' },
] as const;

/** The methods that the vendor offers here. */
export function methodsOf({ authMethods }: Pick<Provider, 'authMethods'>) {
  return methods.filter(({ value }) => authMethods.includes(value));
}

/** The credential fields of each authorization method. */
const fieldsOf = {
  client_credentials: ['clientId', 'clientSecret', 'scope'],
  private_key_jwt: ['clientId', 'privateKey', 'scope'],
  authorization_code: ['clientId', 'clientSecret', 'scope'],
  none: [],
} as const satisfies Record<Auth['method'], readonly (keyof CredentialsForm)[]>;

type FieldName = 'practiceId' | 'clientId' | 'clientSecret' | 'scopes';
interface Needs extends Pick<Provider, 'hasClient' | 'usesPracticeId'> {
  /** The client whose stored secret stays if none is entered. */
  readonly keptClientId?: string | undefined;
}

/** The fields that must have a value. A deployment with its own client has defaults for its id, and for the secret of that id only. */
export function requiredFields(
  { method, clientId, groupId = '' }: Pick<CredentialsForm, 'method' | 'clientId'> & { readonly groupId?: string },
  { hasClient, usesPracticeId, keptClientId }: Needs,
): readonly FieldName[] {
  const client = hasClient || method === 'none' ? [] : (['clientId'] as const);
  const own = clientId.trim();
  const hasSecret = own === '' ? hasClient : own === keptClientId;
  const secret = hasSecret || method !== 'client_credentials' ? [] : (['clientSecret'] as const);
  // A user chooses the practice at the EHR.
  const isOfUser = method === 'authorization_code';
  const practice = usesPracticeId && !isOfUser && groupId.trim() === '' ? (['practiceId'] as const) : [];
  const scopes = actsAlone({ method }) ? (['scopes'] as const) : [];
  return [...practice, ...client, ...secret, ...scopes];
}

const missing: Readonly<Record<FieldName, string>> = {
  practiceId: 'Enter the practice id, or a group id.',
  clientId: 'Enter the client id.',
  clientSecret: 'Enter the client secret.',
  scopes: 'Choose the scopes for which the application is registered at the EHR.',
};

/** The required fields without a value, with a message for each. */
export function missingFields<
  Form extends CredentialsForm & { readonly practiceId?: string; readonly groupId?: string },
>(form: Form, needs: Needs): Partial<Record<FieldName, string>> {
  const empty = requiredFields(form, needs).filter((name) => form[name]?.trim() === '');
  return Object.fromEntries(empty.map((name) => [name, missing[name]]));
}

/** Leaves out empty fields. The API has their defaults. */
export function toConnectionRequest(provider: string, form: ConnectionForm): ConnectionRequest {
  const { name } = filled(form, ['name']);
  return {
    ...(name === undefined ? {} : { name }),
    ...(form.force ? { force: true } : {}),
    ...toDraft(provider, form),
  };
}

/** What is tested before it is saved. */
export function toDraft(provider: string, form: ConnectionForm): ConnectionDraft {
  const place = filled(form, ['environment', 'practiceId', 'groupId', 'fhirEndpoint']);
  return { provider, ...place, auth: toAuth(form) };
}

export function toAuth(form: CredentialsForm): Auth {
  const { scope, ...fields } = filled(form, fieldsOf[form.method]) as Partial<Record<keyof CredentialsForm, string>>;
  const isListed = !actsAlone(form) || form.scopes === 'own';
  const { scopes: scopeVersion } = form;
  const scopes = isListed ? (scope === undefined ? {} : { scope }) : { scopeVersion };
  return { method: form.method, ...fields, ...scopes } as Auth;
}

/** The parts of the credentials that the form does not show. They stay if the method does. */
export function unshownOf(auth: Connection['auth'], form: Pick<CredentialsForm, 'method' | 'privateKey'>) {
  if (auth.method === 'none' || auth.method !== form.method) return {};
  const { tokenEndpoint } = auth;
  const secretBy = 'secretBy' in auth ? auth.secretBy : undefined;
  // A new private key has its own algorithm.
  const alg = 'alg' in auth && form.privateKey.trim() === '' ? auth.alg : undefined;
  const unshown = { tokenEndpoint, secretBy, alg };
  return Object.fromEntries(Object.entries(unshown).filter(([, value]) => value !== undefined));
}

/** A saved connection with other credentials, whose secret stays if none is entered. */
export function withAuth(connection: Connection, auth: Auth): ConnectionDraft {
  const { id: connectionId, provider, environment, fhirEndpoint, practiceId, groupId, userId } = connection;
  const place = { practiceId, groupId, userId };
  const known = Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
  return { connectionId, provider, environment, fhirEndpoint, ...known, auth };
}

function filled<Form extends object, Name extends keyof Form>(
  form: Form,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const texts = names.map((name) => [name, String(form[name]).trim()] as const);
  return Object.fromEntries(texts.filter(([, text]) => text !== '')) as Partial<Record<Name, string>>;
}
