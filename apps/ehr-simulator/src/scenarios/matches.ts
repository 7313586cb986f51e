/** Which requests the orders of scenarios are about. */
export const matches = {
  kickOff: { path: '\\$export$' },
  /** Not DELETE. */
  status: { method: 'GET', path: '/bulkstatus/' },
  delete: { method: 'DELETE', path: '/bulkstatus/' },
  files: { path: '/bulkdata/' },
  /** Of a type that every export has. */
  patients: { path: '/bulkdata/', type: 'Patient' },
  errorFiles: { path: '/bulkerrors/' },
} as const;
