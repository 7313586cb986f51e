import { defineErrors } from '@bulkhead/base';

export const accessError = defineErrors({
  'unknown-api-key': {
    title: 'API key not found',
    advice: 'Reload the list of API keys. The key may have been deleted.',
    status: 404,
    message: 'No API key has this id. List them with GET /api/ehr/api-keys.',
  },
  'unknown-session': {
    title: 'Session not found',
    advice: 'Reload the list of sessions. The session may have ended.',
    status: 404,
    message: 'No open session has this id. List them with GET /api/ehr/sessions.',
  },
  'unknown-client': {
    title: 'Client not found',
    advice: 'Reload the list of clients.',
    status: 404,
    message: 'No client has this id. List them with GET /api/ehr/clients.',
  },
  'unknown-client-secret': {
    title: 'Client secret not found',
    advice: 'Reload the list of clients.',
    status: 404,
    message: 'The client has no secret with this id. Read them with GET /api/ehr/clients/ID.',
  },
  'too-many-client-secrets': {
    title: 'The client has two secrets',
    advice: 'Delete the secret that the client no longer uses. Then create another one.',
    status: 409,
    message: 'The client has two secrets, the most that it may have. Delete the one that it no longer uses.',
  },
  'scope-not-sufficient': {
    title: 'The scopes of the token do not cover this',
    advice: 'Request a token with more scopes, or ask an operator to register the client for them.',
    status: 403,
    help: 'The token of a backend client does not cover this type. The message has the scopes of the token.',
    examples: [
      {
        message:
          'The scopes of this token do not cover Observation: system/Patient.read. Request a token with more scopes.',
      },
    ],
  },
  'last-operator-key': {
    title: 'This is the last operator key',
    advice: 'Create another operator key first. Without one, no new key could be created.',
    status: 409,
    message:
      'This is the last active operator key. Without it no new key could be created. Create another operator key first.',
  },
  'login-refused': {
    title: 'The identity provider refused the login',
    advice: 'Log in again. If this does not help, ask an administrator.',
    status: 401,
    message:
      'The identity provider refused the login, or it took longer than ten minutes. Log in again, and ask an administrator if this does not help.',
  },
  'login-without-role': {
    title: 'You have no role here',
    advice: 'Ask an administrator of the identity provider for the role of a viewer, an operator or an admin.',
    status: 403,
    message:
      'You are logged in at the identity provider, but you have no role here. Ask an administrator of the identity provider for the role of a viewer, an operator or an admin.',
  },
  'login-unavailable': {
    title: 'The identity provider does not respond',
    advice: 'Try again in a minute, or log in with an API key.',
    status: 503,
    retry: { afterMs: 5000 },
    message: 'The identity provider does not respond. Try again in a minute, or log in with an API key.',
  },
  'role-not-sufficient': {
    title: 'Your role does not allow this',
    advice: 'Ask an operator or an admin to do it.',
    status: 403,
    message: 'Your role is viewer, which changes nothing. Ask an operator.',
    examples: [{ message: 'This is for admins, and your role is operator. Ask an admin.' }],
    help: 'A viewer changes nothing. Keys, signing keys, credentials and erasures are for admins.',
  },
  'api-key-expired': {
    title: 'The API key has expired',
    advice: 'Ask an operator for a new key.',
    status: 401,
    message:
      'The API key has expired. Ask an operator for a new one (POST /api/ehr/api-keys, or the command `create-api-key`).',
  },
  'api-key-revoked': {
    title: 'The API key was revoked',
    advice: 'Ask an operator for a new key.',
    status: 401,
    message: 'The API key was revoked. Ask an operator for a new one.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof accessError.table, true> {}
}
