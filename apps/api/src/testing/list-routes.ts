import type { Router } from 'express';
import type { Action } from '../actions.ts';
import type { HttpAppDeps } from '../http-app-deps.ts';
import { createApiRouter } from '../routes/create-api-router.ts';

export interface ListedRoute {
  /** Such as `GET /connections/:id`. */
  readonly name: string;
  readonly method: string;
  /** What its first handler says that it does. */
  readonly action: Action | undefined;
}

interface Layer {
  readonly handle: { readonly stack?: readonly Layer[]; readonly action?: Action };
  readonly route?: {
    readonly path: string;
    readonly methods: Readonly<Record<string, boolean>>;
    readonly stack: readonly Layer[];
  };
}

/** Every route of the API, as Express has them: what a table in a test lacks is found by that. */
export function listRoutes(): ListedRoute[] {
  // Made from nothing: no route is asked.
  const router: Router = createApiRouter({} as HttpAppDeps);
  return flatten(router.stack as unknown as Layer[]);
}

function flatten(layers: readonly Layer[]): ListedRoute[] {
  return layers.flatMap(({ handle, route }) => {
    if (!route) return flatten(handle.stack ?? []);
    return Object.keys(route.methods).map((method) => ({
      name: `${method.toUpperCase()} ${route.path}`,
      method: method.toUpperCase(),
      action: route.stack[0]?.handle.action,
    }));
  });
}
