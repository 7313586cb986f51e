import { changeDocument } from '../change-document.ts';
import { defineFault } from '../define-fault.ts';

/** Content-Location, and the URLs of manifests and Bundle links, without scheme and host. */
export const relativeUrlsFault = defineFault({
  kind: 'relative-urls',
  fields: {},
  create: () => ({
    changeReply: ({ reply }) => {
      const location = reply.headers['content-location'];
      const headers =
        location === undefined ? reply.headers : { ...reply.headers, 'content-location': relative(location) };
      return changeDocument({ reply: { ...reply, headers }, change: withRelativeUrls });
    },
  }),
});

function withRelativeUrls(document: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const lists = ['output', 'deleted', 'error', 'link'].flatMap((name) => {
    const list = document[name];
    if (!Array.isArray(list)) return [];
    return [[name, list.map((entry) => ({ ...entry, url: relative(entry.url) }))] as const];
  });
  return { ...document, ...Object.fromEntries(lists) };
}

function relative(url: string): string {
  return url.replace(/^https?:\/\/[^/]+/, '');
}
