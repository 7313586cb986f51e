import { expect, test } from '@jest/globals';
import { documentFileName } from './document-file-name.ts';

const nameOf = (title: string | undefined, storedType = 'application/pdf', isActive = false) =>
  documentFileName({ document: { id: 'doc_1', storedType, ...(title === undefined ? {} : { title }) }, isActive });

test.each([
  { title: 'Lab report', name: 'Lab report.pdf' },
  { title: 'Lab report.PDF', name: 'Lab report.pdf' },
  { title: 'setup.exe', name: 'setup.exe.pdf' },
  { title: '../../etc/passwd', name: '_.._etc_passwd.pdf' },
  { title: 'C:\\x', name: 'C__x.pdf' },
  { title: 'a\r\nSet-Cookie: b', name: 'aSet-Cookie_ b.pdf' },
  { title: 'invoice\u202Efdp.exe', name: 'invoicefdp.exe.pdf' },
  { title: '...', name: 'doc_1.pdf' },
  { title: '', name: 'doc_1.pdf' },
  { title: undefined, name: 'doc_1.pdf' },
  { title: 'Befund Müller 検査', name: 'Befund Müller 検査.pdf' },
  { title: '😀'.repeat(100), name: `${'😀'.repeat(60)}.pdf` },
  { title: 'half \ud83d', name: 'half.pdf' },
])('a document with the title $title is saved as $name', ({ title, name }) => {
  expect(nameOf(title)).toBe(name);
});

test('the extension of a file name follows the type, and is bin for active content', () => {
  expect(nameOf('a', 'text/plain; charset=utf-8')).toBe('a.txt');
  expect(nameOf('a', 'application/unknown')).toBe('a.bin');
  expect(nameOf('a.html', 'text/html', true)).toBe('a.html.bin');
});
