/** The codes of this package, beside those of the API. They have no HTTP status. */
export const clientError = {
  table: {
    'no-answer': {
      title: 'Bulkhead does not respond',
      advice: 'Check the URL and the network, and that the API is running.',
      help: 'In the client package and the command line: the API did not respond. Verify its URL and the network, and that it is running.',
    },
    'unknown-token': {
      title: 'Unknown access token',
      advice: 'Pass the access token of the connection unchanged.',
      message: 'The access token is not from getConnection. Pass `connection.accessToken` unchanged.',
    },
    'export-cancelled': {
      title: 'The export was cancelled',
      advice: 'Start a new export.',
      message: 'The export was cancelled. Start a new one.',
    },
  },
};
