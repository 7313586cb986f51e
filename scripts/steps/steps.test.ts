import { Writable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { createSteps } from './steps.ts';

function recorder({ isTTY }: { isTTY: boolean }) {
  let written = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY, columns: 40 }), written: () => written };
}

it('steps that run at the same time each end with a line that shows their own duration', () => {
  const { stream, written } = recorder({ isTTY: false });
  let ms = 0;
  const { report } = createSteps({ stream, now: () => ms });
  report({ step: 'redis', state: 'running', text: 'looking' });
  report({ step: 'mongodb', state: 'running', text: 'looking' });
  ms = 1_240;
  report({ step: 'redis', state: 'done', text: 'here' });
  ms = 243_000;
  report({ step: 'mongodb', state: 'failed', text: 'nowhere' });
  expect(written()).toBe('✔ redis          1.2 s  here\n✘ mongodb       4m 03s  nowhere\n');
});

it('without a terminal, a long step prints its progress every 10 s', () => {
  const { stream, written } = recorder({ isTTY: false });
  let ms = 0;
  const { report } = createSteps({ stream, now: () => ms });
  report({ step: 'mongodb', state: 'running', text: '1/9' });
  ms = 9_000;
  report({ step: 'mongodb', state: 'running', text: '2/9' });
  expect(written()).toBe('');
  ms = 10_000;
  report({ step: 'mongodb', state: 'running', text: '3/9' });
  expect(written()).toBe('… mongodb       10.0 s  3/9\n');
});

it('on a terminal, a step is redrawn in place and its line never wraps', () => {
  const { stream, written } = recorder({ isTTY: true });
  const { report } = createSteps({ stream, now: () => 0 });
  report({ step: 'mongodb', state: 'running', text: 'x'.repeat(100) });
  report({ step: 'mongodb', state: 'done', text: 'up' });
  const lines = written().split('\n');
  expect(lines[0]).toHaveLength(39);
  expect(lines[1]).toBe('\x1b[1A\x1b[J✔ mongodb        0.0 s  up');
});

it('the error of a step is printed and thrown', async () => {
  const { stream, written } = recorder({ isTTY: false });
  const { run } = createSteps({ stream, now: () => 0 });
  await expect(run('api', () => Promise.reject(new Error('port taken')))).rejects.toThrow('port taken');
  expect(written()).toBe('✘ api            0.0 s  port taken\n');
});
