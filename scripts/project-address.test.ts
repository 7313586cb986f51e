import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { renderAlerts } from './kubernetes/render-rules.ts';
import { projectAddress } from './project-address.ts';
import { repositoryLinks } from './site/links.ts';
import { root } from './site/table-of-contents.ts';

const address = 'https://git.example/owner/bulkhead';

test('with an address each alert links to its entry in the runbook, and without one none does', () => {
  const links = (text: string) => [...text.matchAll(/runbook_url: (\S+)/g)].map(([, url]) => url);
  const withAddress = links(renderAlerts(address));
  expect(withAddress).toContain(`${address}/blob/main/docs/runbook.md#bulkheadapidown`);
  expect(withAddress).toHaveLength([...renderAlerts().matchAll(/- alert: /g)].length);
  expect(projectAddress() === undefined ? links(renderAlerts()) : []).toEqual([]);
});

test.each([
  { repository: address, href: `${address}/tree/main/docker/grafana`, types: ['link_open', 'text', 'link_close'] },
  { repository: undefined, href: 'docker/grafana', types: ['text', 'text', 'text'] },
])('a link of the site to a folder of the repository at $repository', ({ repository, href, types }) => {
  const attributes = new Map([['href', 'docker/grafana']]);
  const token = (type: string) => ({
    type,
    attrGet: (name: string) => (type === 'link_open' ? attributes.get(name) : null),
    attrSet: (name: string, value: string) => attributes.set(name, value),
  });
  const children = ['link_open', 'text', 'link_close'].map(token);
  const rules: ((state: object) => void)[] = [];
  const md = { core: { ruler: { push: (_name: string, rule: (state: object) => void) => rules.push(rule) } } };
  repositoryLinks({ pages: [], repository, base: '' })(md as never);
  rules[0]?.({ tokens: [{ children }], env: { path: `${root}/README.md` } });
  expect([attributes.get('href'), children.map(({ type }) => type)]).toEqual([href, types]);
});

test('no file has a place that a maintainer must fill in', () => {
  const placeholder = ['FILL', 'IN'].join('-');
  const options = { cwd: root, encoding: 'utf8' } as const;
  // Git exits with 1 if it finds nothing.
  expect(execFileSync('sh', ['-c', `git grep -l ${placeholder} || [ $? = 1 ]`], options)).toBe('');
});
