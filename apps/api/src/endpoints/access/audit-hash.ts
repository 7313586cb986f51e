import { z } from 'zod';

export const hash = z.string().regex(/^[0-9a-f]{64}$/);

export const previousHash = '5f0c4f4e0d2a2b7a9f0c7c1c9a2e5f6c7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d';
export const auditHash = '8c6f1d0a7e4b3c2d1f0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b4a3f2e1d0c9b8a';
export const expiresAt = '2032-05-02T10:00:00.000Z';
