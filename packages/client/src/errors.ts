/** The codes of this package, beside those of the API. They have no HTTP status. */
export const clientError = {
  table: {
    'no-answer': {
      help: 'In the client package and the command line: the API did not answer. Verify its URL and the network, and that it is running.',
    },
    'unknown-token': {
      message: 'The access token is not from getConnection. Pass `connection.accessToken` unchanged.',
    },
    'export-cancelled': { message: 'The export was cancelled. Start a new one.' },
  },
};
