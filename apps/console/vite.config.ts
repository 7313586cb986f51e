import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `pnpm --filter @bulkhead/console dev` works on the API of a running `npm start`. */
const apiUrl = process.env.BULKHEAD_URL ?? 'http://127.0.0.1:3000';

export default defineConfig({
  plugins: [react()],
  resolve: { conditions: ['@bulkhead/source', 'module', 'browser', 'development|production'] },
  build: {
    // The policy of the server allows nothing inline, so no asset becomes a data address.
    assetsInlineLimit: 0,
    // React, the components and the charts together; an operator loads them once, from their own network.
    chunkSizeWarningLimit: 1500,
  },
  server: {
    proxy: Object.fromEntries(['/api/', '/login', '/logout', '/admin', '/docs'].map((path) => [path, apiUrl])),
  },
});
