import { expect, test } from '@jest/globals';
import { readRedisUrl, redisHosts } from './redis-url.ts';

test.each([
  {
    text: 'redis://redis',
    address: { hasTls: false, hosts: [{ host: 'redis', port: 6379 }], sentinelName: undefined },
  },
  {
    text: 'rediss://user:p%40ss@10.0.0.1:6380/2',
    address: { hasTls: true, hosts: [{ host: '10.0.0.1', port: 6380 }], username: 'user', password: 'p@ss' },
  },
  {
    text: 'redis+sentinel://h1,h2:26380,[::1]:5/primary',
    address: {
      hasTls: false,
      hosts: [
        { host: 'h1', port: 26_379 },
        { host: 'h2', port: 26_380 },
        { host: '[::1]', port: 5 },
      ],
      sentinelName: 'primary',
      username: undefined,
      password: undefined,
    },
  },
  {
    text: 'rediss+sentinel://:a:b@h1/my-name',
    address: { hasTls: true, sentinelName: 'my-name', username: undefined, password: 'a:b' },
  },
])('$text is read', ({ text, address }) => {
  expect(readRedisUrl(text)).toMatchObject(address);
});

test.each([
  '',
  'http://redis',
  'redis',
  'redis+sentinel://h1,h2',
  'redis+sentinel://h1,,h2/name',
  'redis+sentinel://h1:0/name',
  'redis+sentinel://h1:70000/name',
  'redis+sentinel:///name',
  'redis+sentinel://h1/name/more',
  'redis+sentinel://h1/na me',
])('"%s" is not a Redis', (text) => {
  expect(readRedisUrl(text)).toBeUndefined();
});

test('a log names the hosts without the credentials', () => {
  expect(redisHosts('redis+sentinel://user:secret@h1,h2:1/name')).toBe('h1:26379,h2:1');
});
