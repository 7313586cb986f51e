import type { Express } from 'express';

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle?: { readonly stack?: readonly Layer[] };
  match(path: string): boolean;
}

/** Where routers are mounted; Express does not keep it in a readable form. */
const mounts = ['/api/ehr'];
/** Not of the API: pages, and what stands behind them. */
const pages = /^get \/(openapi\.json|docs|login|logout)/;

/** `get /api/ehr/connections/:id` and so on: what an app's router has. */
export function routesOf(app: Express): string[] {
  const layers = (app.router as unknown as { readonly stack: readonly Layer[] }).stack;
  return layers.flatMap((layer) => routesIn({ layer, prefix: '' })).filter((route) => !pages.test(route));
}

function routesIn({ layer, prefix }: { readonly layer: Layer; readonly prefix: string }): string[] {
  const { route, handle } = layer;
  if (route) return Object.keys(route.methods).map((method) => `${method} ${prefix}${route.path}`);
  if (!handle?.stack) return [];
  const inner = layer.match('/any/other') ? '' : mounts.find((mount) => layer.match(mount));
  return inner === undefined ? [] : handle.stack.flatMap((one) => routesIn({ layer: one, prefix: prefix + inner }));
}
