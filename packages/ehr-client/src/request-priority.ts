/** From what waits least to what waits most: somebody is looking, a poll decides about an export, a download can wait. */
export const requestPriorities = ['interactive', 'poll', 'kick-off', 'download', 'crawl'] as const;
export type RequestPriority = (typeof requestPriorities)[number];
