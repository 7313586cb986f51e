import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Names the product, so that a person or a secret scanner that finds a key knows which system it belongs to. */
const marker = 'bulkhead_';
/** 256 bits in base 36. It uses letters and digits only, so that a double click selects the whole key. */
const randomLength = 50;
/** 32 bits in base 36. */
const checksumLength = 7;

/** The pattern for secret scanners. The checksum distinguishes a key from a placeholder without a request to the server. */
export const apiKeyPattern = /^bulkhead_[0-9a-z]{57}$/;

/** Makes a key: `bulkhead_`, 256 random bits in 50 characters, and the CRC-32 of both in 7 characters, all in base 36. */
export function makeApiKeyText(): string {
  const random = BigInt(`0x${randomBytes(32).toString('hex')}`);
  const body = marker + random.toString(36).padStart(randomLength, '0');
  return body + checksumOf(body);
}

/** The first characters of a key, by which a person recognises it: the marker and 20 bits of the key. */
export function apiKeyPrefix(key: string): string {
  return key.slice(0, marker.length + 4);
}

/** @returns true if the key cannot have been created here */
export function isMistyped(key: string): boolean {
  if (!key.startsWith(marker)) return false;
  return !apiKeyPattern.test(key) || checksumOf(key.slice(0, -checksumLength)) !== key.slice(-checksumLength);
}

function checksumOf(body: string): string {
  return crc32(body).toString(36).padStart(checksumLength, '0');
}
